import {
  isEspalierError,
  memoryPlan,
  type PrunableModel,
  show,
  summarisePlan,
  UsageError,
  type Note,
} from '@espalier/core';
import { measure, timingOf } from './measured.js';
import { type Dense, type Failure, parseReport, type Report, REPORT_VERSION, type Row } from '../report/report.js';
import type { Phase, Tools, Trial } from './tools.js';
import { copyOf, labelOf, runTrial, sparsityOf, trialId } from './trial.js';
import { stopwatch } from './watch.js';

/** What the report says about where it comes from; a comparison itself looks at no clock, machine or command line. */
export interface About extends Pick<Report, 'created' | 'command' | 'data' | 'machine'> {
  readonly model: { readonly name: string; readonly path?: string };
  readonly notes?: readonly Note[];
}

export interface ComparisonOptions extends Tools {
  readonly model: PrunableModel;
  readonly trials: readonly Trial[];
  readonly about: About;
  /** Before each phase of each trial; throw in it to give up. */
  readonly onProgress?: (progress: ComparisonProgress) => void;
  /** Each row as it is finished. */
  readonly onRow?: (row: Row) => void;
}

export interface ComparisonProgress {
  /** How many of `total` are done; the dense model comes first. */
  readonly done: number;
  readonly total: number;
  readonly id: string;
  readonly phase: Phase;
}

/**
 * Measures the dense model and runs every trial on it, one after the other; each finds the model as it was. A trial that does
 * not suit the model (a UsageError or an InputError) becomes a failure in the report and the others go on; any other error
 * ends the comparison. Throws a UsageError with code 'trial-duplicate' where two trials have one id.
 */
export async function runComparison(options: ComparisonOptions): Promise<Report> {
  const { model, trials, about, latency, onProgress, onRow } = options;
  checkIds(trials);
  const total = trials.length + 1;
  const twin = latency && (await copyOf(model));
  try {
    const dense = await measureDense(options, (phase) => onProgress?.({ done: 0, total, id: 'dense', phase }));
    const rows: Row[] = [];
    const failures: Failure[] = [];
    for (const [i, trial] of trials.entries()) {
      const id = trialId(trial);
      const outcome = await runTrial({
        ...options,
        ...trial,
        ...(twin && { twin }),
        ...(dense.accuracy !== null && { denseAccuracy: dense.accuracy }),
        onPhase: (phase) => onProgress?.({ done: i + 1, total, id, phase }),
      }).catch((error: unknown) => asFailure(error, trial));
      if ('code' in outcome) failures.push(outcome);
      else {
        rows.push(outcome);
        onRow?.(outcome);
      }
    }
    return parseReport({
      version: REPORT_VERSION,
      created: about.created,
      command: about.command,
      model: {
        ...about.model,
        layers: model.params.filter(({ role }) => role === 'kernel').length,
        params: dense.params,
        macs: dense.macs,
      },
      data: about.data,
      machine: about.machine,
      dense,
      rows,
      failures,
      notes: [...(about.notes ?? [])],
    } satisfies Report);
  } finally {
    twin?.dispose();
  }
}

async function measureDense(options: ComparisonOptions, onPhase: (phase: Phase) => void): Promise<Dense> {
  const { model, clock = () => performance.now() } = options;
  const { params, macs } = await summarisePlan(memoryPlan({}), model, 0);
  const { latency, ...measured } = await measure(model, undefined, options, stopwatch(clock, onPhase));
  return { params: params.total, macs: macs && macs.dense, ...measured, latency: latency.map(timingOf) };
}

/** The row of a trial that does not suit the model; what nobody could foresee is thrown again. */
function asFailure(error: unknown, trial: Trial): Failure {
  if (!isEspalierError(error) || error.name === 'OutputError') throw error;
  const { code, message, note } = error;
  return { id: trialId(trial), ...labelOf(trial), sparsity: sparsityOf(trial), code, message, ...(note && { note }) };
}

function checkIds(trials: readonly Trial[]): void {
  const seen = new Set<string>();
  for (const id of trials.map(trialId)) {
    if (seen.has(id)) {
      const fix = 'leave one out, or give it an id';
      throw new UsageError('trial-duplicate', `two trials are called ${show(id)}; ${fix}`, { where: id, fix });
    }
    seen.add(id);
  }
}
