import {
  type Batch,
  bitsFrom,
  countKept,
  type Granularity,
  gridOf,
  isEspalierError,
  isKept,
  memoryPlan,
  type Plan,
  type PrunableModel,
  type Repair,
  resolveMask,
  sizeOf,
  UsageError,
} from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { everySecondUnit, everySecondWeight, readWeights } from './adapter-subject.js';
import { firstDifference, type Law, law, rejection } from './law.js';
import { tinyBatches } from './tiny-batches.js';
import { tinyNetwork } from './tiny-network.js';

/** A repair, and what it is tried on. */
export interface RepairSubject {
  /** Makes the repair anew, with the same options each time. */
  make(): Repair;
  /** A fresh model, the same each time; the suite disposes it. Default: `tinyNetwork()`. */
  readonly model?: () => PrunableModel | Promise<PrunableModel>;
  /** Calibration data that fits the model. Default: `tinyBatches()`. */
  readonly batches?: () => AsyncIterable<Batch>;
  /** The plans that it has new values for; it leaves the others as they are. Default: all of them. */
  readonly mends?: readonly (keyof typeof PLANS)[];
}

const batchesOf = (subject: RepairSubject) => subject.batches ?? tinyBatches();

const PAIRS: Granularity = { kind: 'pairs', name: 'pairs of outputs', cell: { outputs: 2 } };

/** Prunes every second pair of outputs that share an input; what is left over at the end of an axis stays. */
async function everySecondPair(model: PrunableModel): Promise<Plan> {
  const { params } = everySecondWeight(model);
  const masks = params.map((id) => {
    const param = model.params.find((p) => p.id === id)!;
    const { boxOf } = gridOf(param, PAIRS.cell);
    return [id, bitsFrom(sizeOf(param.shape), (i) => boxOf(i) % 2 !== 0)] as const;
  });
  return memoryPlan({ masks: Object.fromEntries(masks), granularity: PAIRS });
}

const PLANS = { weights: everySecondWeight, cells: everySecondPair, units: everySecondUnit };

/** Runs the body for a plan of single weights, for one of cells and, where the model has open groups, for one of channels. */
async function withPlans(
  subject: RepairSubject,
  body: (model: PrunableModel, plan: Plan, kind: keyof typeof PLANS) => Promise<void>,
): Promise<void> {
  for (const kind of Object.keys(PLANS) as (keyof typeof PLANS)[]) {
    const model = await (subject.model ?? tinyNetwork)();
    try {
      const plan = await PLANS[kind](model);
      if (plan) await body(model, plan, kind);
    } finally {
      model.dispose();
    }
  }
}

const keptIn = async (plan: Plan, model: PrunableModel) => {
  let kept = 0;
  for (const param of model.params) {
    const bits = await resolveMask(plan, param, model.groups);
    kept += bits ? countKept(bits) : sizeOf(param.shape);
  }
  return kept;
};

const named = law<RepairSubject>('has a name that prints', async ({ make }, claim) => {
  const { name } = make();
  claim(typeof name === 'string' && name.length > 0, () => `got ${String(name)}`);
  claim(!/\p{C}/u.test(name), () => `${JSON.stringify(name)} has characters that do not print`);
});

const wellFormed = law<RepairSubject>(
  'gives finite values, +0 where the plan prunes, and prunes as much',
  (subject, claim) =>
    withPlans(subject, async (model, plan, kind) => {
      const update = await subject.make().repair({ model, batches: batchesOf(subject) }, plan);
      const mends = !subject.mends || subject.mends.includes(kind);
      claim(!mends || Object.keys(update.values).length > 0, () => `it repaired nothing of ${kind}`);
      for (const [id, values] of Object.entries(update.values)) {
        const param = model.params.find((p) => p.id === id);
        claim(param !== undefined, () => `'${id}' is no parameter of the model`);
        claim(values.length === sizeOf(param!.shape), () => `'${id}' has ${values.length} values`);
        const bits = await resolveMask(update.plan, param!, model.groups);
        values.forEach((value, i) => {
          claim(Number.isFinite(value), () => `'${id}' is ${value} at index ${i}`);
          claim(!bits || isKept(bits, i) || Object.is(value, 0), () => `'${id}' is pruned at index ${i} and ${value}`);
        });
      }
      const [before, after] = [await keptIn(plan, model), await keptIn(update.plan, model)];
      claim(after === before, () => `${after} weights are kept, ${before} were planned`);
    }),
);

const described = law<RepairSubject>('keeps the granularity of the plan', (subject, claim) =>
  withPlans(subject, async (model, plan) => {
    const { plan: now } = await subject.make().repair({ model, batches: batchesOf(subject) }, plan);
    const [wanted, found] = [plan, now].map(({ granularity }) => JSON.stringify(granularity));
    claim(found === wanted, () => `it was ${wanted} and is ${found}`);
    for (const id of now.params) {
      const { first, within } = gridOf(
        model.params.find((p) => p.id === id)!,
        plan.granularity?.cell,
      );
      const mask = await now.mask(id);
      for (const at of first) {
        const isWhole = within.every((offset) => isKept(mask, at + offset) === isKept(mask, at));
        claim(isWhole, () => `'${id}' keeps a part of the cell at index ${at}`);
      }
    }
  }),
);

const deterministic = law<RepairSubject>('gives the same values on the same model', (subject, claim) =>
  withPlans(subject, async (model, plan) => {
    const run = () => subject.make().repair({ model, batches: batchesOf(subject) }, plan);
    const [first, second] = [await run(), await run()];
    for (const [id, values] of Object.entries(first.values)) {
      const at = firstDifference(values, second.values[id] ?? new Float32Array(0));
      claim(at < 0, () => `'${id}' at index ${at}: ${values[at]}, then ${second.values[id]?.[at]}`);
    }
  }),
);

const borrowed = law<RepairSubject>(
  'leaves the model and the batches as they are, and leaks nothing',
  (subject, claim) =>
    withPlans(subject, async (model, plan) => {
      const before = await readWeights(model);
      const tensors = tf.memory().numTensors;
      let disposed = false;
      const watched = async function* () {
        for await (const batch of batchesOf(subject)()) {
          yield batch;
          disposed ||= batch.x.isDisposed || batch.y.isDisposed;
        }
      };
      await subject.make().repair({ model, batches: watched }, plan);
      claim(!disposed, () => 'it disposed a tensor of a batch, which belongs to the iterator');
      claim(tf.memory().numTensors === tensors, () => `${tf.memory().numTensors - tensors} tensors more than before`);
      for (const [id, values] of before) {
        const at = firstDifference(values, await model.read(id));
        claim(at < 0, () => `it changed '${id}' at index ${at}`);
      }
    }),
);

const failsClean = law<RepairSubject>('passes on what its data throws, with the model as it was', (subject, claim) =>
  withPlans(subject, async (model, plan) => {
    const before = await readWeights(model);
    const tensors = tf.memory().numTensors;
    const missing = new UsageError('data-missing', 'there is no calibration data');
    let calls = 0;
    for (const good of [0, 1, 2]) {
      calls = 0;
      const batches = () => {
        if (calls++ >= good) throw missing;
        return batchesOf(subject)();
      };
      const error = await rejection(() => subject.make().repair({ model, batches }, plan));
      claim(error === undefined || error === missing, () => `it threw ${String(error)} instead`);
      claim(error !== undefined || calls <= good, () => 'it needs data, and hid that there was none');
      claim(error === undefined || isEspalierError(error), () => `wanted an error of @espalier/core`);
      claim(tf.memory().numTensors === tensors, () => `${tf.memory().numTensors - tensors} tensors more than before`);
      for (const [id, values] of before)
        claim(firstDifference(values, await model.read(id)) < 0, () => `it left '${id}' changed`);
    }
  }),
);

export const REPAIR_LAWS: readonly Law<RepairSubject>[] = [
  named,
  wellFormed,
  described,
  deterministic,
  borrowed,
  failsClean,
];
