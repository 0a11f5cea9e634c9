import {
  type Batch,
  cubic,
  iterative,
  type MaskHandle,
  oneShot,
  prune,
  type PrunableModel,
  type Schedule,
  type Scorer,
} from '@espalier/core';
import { given, type Resolved } from '../budget/resolve.js';
import { type Settings, valueOf } from '../options/table.js';
import { findRepair } from '../plugins/find.js';
import type { Host } from './host.js';
import { type Hooks, type Samples, tune } from './tune.js';

interface Stepwise {
  readonly settings: Settings;
  readonly model: PrunableModel;
  readonly resolved: Resolved;
  readonly scorer: Scorer;
  readonly batches: (() => AsyncIterable<Batch>) | undefined;
  readonly samples: Samples | undefined;
  readonly teacher: PrunableModel | undefined;
  readonly host: Host;
  readonly hooks: Hooks;
}

const percent = (fraction: number) => `${(100 * fraction).toFixed(1)}%`;
const count = (n: number) => n.toLocaleString('en-US');
const losses = (all: readonly number[]) => `loss ${all.map((loss) => loss.toFixed(4)).join(' → ')}`;

/** Prunes in the steps of the schedule, repairs, and trains after each; the masks are in force. */
export async function pruneStepwise(how: Stepwise) {
  const { settings, model, resolved, scorer, batches, samples, host } = how;
  const { strategy, sparsity } = resolved;
  const repair = await findRepair(valueOf(settings, 'repair')!, { steps: settings.repairSteps }, host.load);
  const schedule = scheduleOf(settings, sparsity);
  let training: { readonly losses: readonly number[]; readonly best?: { epoch: number; score: number } } | undefined;
  const { plan, handle, ...summary } = await host.task(
    `prune ${strategy.name} by ${scorer.name}${repair ? `, repair ${repair.name}` : ''}`,
    (bar) =>
      prune(model, {
        scorer,
        strategy,
        sparsity,
        ...given(settings),
        ...(schedule && { schedule }),
        ...(repair && { repair }),
        ...(batches && { data: batches }),
        async onStep({ step, steps, sparsity: reached, handle: masks }) {
          bar.update(step + 1, steps, percent(reached));
          if (samples && valueOf(settings, 'fineTune')! > 0)
            training = await tuneStep(how, samples, masks, reached, steps === 1);
        },
      }),
    ({ params, macs }) =>
      `${count(params.total)} → ${count(params.kept)} parameters${macs ? `, ${count(macs.dense)} → ${count(macs.kept)} MACs` : ''}`,
  );
  return { plan, handle, summary, ...(training && { training }) };
}

function tuneStep(
  { settings, model, teacher, host, hooks }: Stepwise,
  samples: Samples,
  masks: MaskHandle,
  reached: number,
  isOnly: boolean,
) {
  return host.task(
    `fine-tune ${percent(reached)} sparse${teacher ? ', distilled' : ''}`,
    async (bar) => {
      const onProgress: Hooks['onProgress'] = ({ step, steps, loss }) =>
        bar.update(step, steps, `loss ${loss.toFixed(4)}`);
      // Nothing goes on from the training of a step that others follow.
      const kept = isOnly ? hooks : {};
      const { losses, best } = await tune(settings, model, samples, {
        handles: [masks],
        teacher,
        hooks: { ...kept, onProgress },
      });
      return { losses, ...(best && { best }) };
    },
    (done) => losses(done.losses),
  );
}

/** undefined = what suits the repair, else one shot. */
function scheduleOf(settings: Settings, target: number): Schedule | undefined {
  const steps = valueOf(settings, 'steps')!;
  if (settings.schedule === undefined) return undefined;
  if (settings.schedule === 'iterative') return iterative({ sparsity: target, steps });
  return settings.schedule === 'cubic' ? cubic({ sparsity: target, end: steps }) : oneShot(target);
}
