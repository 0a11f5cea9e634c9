import { InputError, show, UsageError } from '@espalier/core';

export interface Histogram {
  /** bins + 1 edges, ascending; bin i is [edges[i], edges[i + 1]), the last one closed. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export const HISTOGRAM_DEFAULTS = { bins: 50 };
const MOST_BINS = 1000;

/**
 * Counts of values in `bins` bins of equal width from the lowest value to the highest, as numpy.histogram: the last bin
 * holds the highest value too, and where all values are equal the range is half a unit to either side (or
 * |value| · 2⁻²⁰, where half a unit would vanish in it). −0 counts as 0. `only(i)` leaves values out of the count but not
 * out of the range, so that a part can be compared with its whole.
 *
 * @throws InputError 'figure-empty' without values; 'figure-not-finite' at NaN or an infinity
 * @throws UsageError 'figure-bins' unless bins is an integer from 1 to 1000
 */
export function histogram(
  values: ArrayLike<number>,
  options: { readonly bins?: number; readonly where?: string; readonly only?: (index: number) => boolean } = {},
): Histogram {
  const { bins = HISTOGRAM_DEFAULTS.bins, where = 'weights', only } = options;
  if (!(Number.isInteger(bins) && bins >= 1 && bins <= MOST_BINS)) {
    const wanted = `an integer from 1 to ${MOST_BINS}`;
    throw new UsageError('figure-bins', `bins must be ${wanted}, got ${show(bins)}`, {
      where: 'bins',
      wanted,
      found: String(bins),
    });
  }
  const { low, high } = range(values, where);
  const width = (high - low) / bins;
  const edges = Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + i * width));
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    if (only && !only(i)) continue;
    const value = values[i];
    let bin = ((value - low) / width) | 0;
    if (bin >= bins) bin = bins - 1;
    // The division can round across an edge; the edges decide.
    if (value < edges[bin]) bin--;
    else if (bin < bins - 1 && value >= edges[bin + 1]) bin++;
    counts[bin]++;
  }
  return { edges, counts };
}

function range(values: ArrayLike<number>, where: string): { low: number; high: number } {
  if (values.length === 0) {
    throw new InputError('figure-empty', `${show(where)} has no values to draw; leave it out`, {
      where,
      wanted: 'at least one value',
      found: 'none',
      fix: 'leave it out',
    });
  }
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    // 0 for every number but NaN and the infinities.
    if (value - value !== 0) {
      const found = `${value} at index ${i}`;
      throw new InputError('figure-not-finite', `${show(where)} needs finite values, got ${found}; check the weights`, {
        where,
        wanted: 'finite values',
        found,
        fix: 'check the weights',
      });
    }
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low < high) return { low: low + 0, high: high + 0 };
  const half = Math.max(0.5, Math.abs(low) * 2 ** -20);
  return { low: low - half, high: high + half };
}
