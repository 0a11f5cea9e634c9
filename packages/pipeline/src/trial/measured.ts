import type { PlanSummary, PrunableModel } from '@espalier/core';
import type { Bytes, Compact, Latency, Timing } from '../report/report.js';
import type { MeasuredBackend, MeasuredTimes, Tools } from './tools.js';
import type { Watch } from './watch.js';

export interface Measured {
  readonly bytes: Bytes | null;
  readonly compact?: Compact[];
  readonly accuracy: number | null;
  readonly latency: readonly MeasuredBackend[];
}

/** Everything there is a tool for; with a dense twin, latency is measured beside it. */
export async function measure(
  model: PrunableModel,
  twin: PrunableModel | undefined,
  { sizesOf, compactOf, accuracy, latency }: Tools,
  watch: Watch,
): Promise<Measured> {
  const contender = (name: string, candidate: PrunableModel) => ({
    name,
    predict: candidate.predict,
    model: candidate,
  });
  const contenders = [...(twin ? [contender('dense', twin)] : []), contender(twin ? 'pruned' : 'dense', model)];
  return {
    bytes: sizesOf ? await watch.time('bytes', () => sizesOf(model)) : null,
    ...(compactOf && { compact: [...(await watch.time('compact', () => compactOf(model)))] }),
    accuracy: accuracy ? await watch.time('accuracy', () => accuracy(model)) : null,
    latency: latency ? await watch.time('latency', () => latency(contenders)) : [],
  };
}

/** The last contender of each backend by itself. */
export function timingOf({ backend, ran, batch, entries }: MeasuredBackend): Timing {
  const { medianMs, p10Ms, p90Ms, runs } = entries[entries.length - 1];
  return { backend, ran, batch, medianMs, p10Ms, p90Ms, runs };
}

/** The last contender of each backend beside the first. */
export function latencyOf(measured: MeasuredBackend, macs: PlanSummary['macs']): Latency {
  const { entries } = measured;
  const pruned: MeasuredTimes = entries[entries.length - 1];
  return {
    ...timingOf(measured),
    denseMedianMs: entries[0].medianMs,
    speedup: pruned.speedup,
    theoretical: macs && macs.kept > 0 ? macs.dense / macs.kept : null,
  };
}
