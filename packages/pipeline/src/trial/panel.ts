import { type Bits, countKept, isKept, makeBits, type Param, type PlanSummary } from '@espalier/core';
import type { Panel } from '../report/report.js';

const BINS = 50;
const CORNER = 32;

/** The kernel that a trial's panel shows: the first that may be pruned, else the first. */
export function panelParam(params: readonly Param[]): Param | undefined {
  const kernels = params.filter(({ role, shape }) => role === 'kernel' && shape.length > 1);
  return kernels.find(({ skip }) => skip === undefined) ?? kernels[0];
}

export interface PanelInput {
  readonly param: Param;
  readonly before: Float32Array;
  /** The masked kernel, after fine-tuning if there was any. */
  readonly after: Float32Array;
  /** Absent = nothing was pruned. */
  readonly mask: Bits | undefined;
  readonly layers: PlanSummary['layers'];
}

/** Two histograms over one range, and the corner of the mask. undefined for a kernel without weights. */
export function makePanel({ param, before, after, mask, layers }: PanelInput): Panel | undefined {
  const bits = mask ?? makeBits(before.length);
  if (before.length === 0) return undefined;
  const kept = after.filter((_, i) => isKept(bits, i));
  let [low, high] = [Infinity, -Infinity];
  for (const values of [before, kept]) {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const planned = layers.find(({ id }) => id === param.id)?.threshold ?? null;
  return {
    param: param.id,
    shape: [...param.shape],
    threshold: magnitudeThreshold(before, bits, planned),
    low,
    high,
    before: histogram(before, low, high),
    after: histogram(kept, low, high),
    pruned: before.length - countKept(bits),
    mask: corner(param.shape, bits),
  };
}

/** Where a threshold on |w| tells pruned from kept: the plan's if it is one, else the largest pruned |w|. */
function magnitudeThreshold(before: Float32Array, bits: Bits, planned: number | null): number | null {
  let [pruned, kept] = [-Infinity, Infinity];
  before.forEach((value, i) => {
    if (isKept(bits, i)) kept = Math.min(kept, Math.abs(value));
    else pruned = Math.max(pruned, Math.abs(value));
  });
  if (pruned < 0 || pruned > kept) return null;
  return planned !== null && planned >= pruned && planned <= kept ? planned : pruned;
}

function histogram(values: Float32Array, low: number, high: number): number[] {
  const counts = new Array<number>(BINS).fill(0);
  const width = (high - low) / BINS;
  for (const value of values) counts[Math.min(BINS - 1, Math.floor((value - low) / width))]++;
  return counts;
}

function corner(shape: readonly number[], bits: Bits): Panel['mask'] {
  const columns = shape[shape.length - 1];
  const rows = bits.length / columns;
  const shown = Array.from({ length: Math.min(rows, CORNER) }, (_, row) =>
    Array.from({ length: Math.min(columns, CORNER) }, (_, column) => Number(isKept(bits, row * columns + column))).join(
      '',
    ),
  );
  return { of: [rows, columns], rows: shown };
}
