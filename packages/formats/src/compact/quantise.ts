import { roundToHalf } from '../kit/half.js';

/** Values as whole multiples of a scale for each channel: q · scale. Element i is in channel i mod scales.length. */
export interface Scaled {
  readonly scales: Float32Array;
  readonly steps: Int8Array;
}

/** Half to even, as IEEE 754 rounds. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/**
 * Symmetric linear quantisation by channel (arXiv:1806.08342): scale = max|w| / (2^(bits−1) − 1), rounded to float16 where
 * that keeps its precision, q = round(w / scale) within ±(2^(bits−1) − 1). Zero stays zero. Values are finite.
 */
export function quantiseScaled(values: Float32Array, channels: number, bits: number): Scaled {
  const most = 2 ** (bits - 1) - 1;
  const largest = new Float64Array(channels);
  for (let i = 0, c = 0; i < values.length; i++) {
    largest[c] = Math.max(largest[c], Math.abs(values[i]));
    if (++c === channels) c = 0;
  }
  const scales = Float32Array.from(largest, (max) => roundToHalf(max / most));
  const steps = new Int8Array(values.length);
  for (let i = 0, c = 0; i < values.length; i++) {
    if (scales[c] > 0) steps[i] = Math.max(-most, Math.min(most, roundHalfEven(values[i] / scales[c])));
    if (++c === channels) c = 0;
  }
  return { scales, steps };
}

/** One value out of a codebook for each element. */
export interface Shared {
  readonly codebook: Float32Array;
  readonly codes: Uint8Array;
}

const ROUNDS = 100;

/**
 * k-means in one dimension (Lloyd's), as Deep Compression shares weights (arXiv:1510.00149): from centroids spread evenly
 * over the range and from centroids at the quantiles, keeping what errs less in the mean square. Nothing in it is random.
 * Values that are no more than `size` different ones are their own centroids. Centroids ascend and are rounded to float16 where that keeps its precision; those that nothing is near are left out.
 */
export function quantiseShared(values: Float32Array, size: number): Shared {
  if (values.length === 0) return { codebook: new Float32Array(0), codes: new Uint8Array(0) };
  const sorted = values.slice().sort();
  const distinct = distinctOf(sorted, size);
  if (distinct) return fromCentroids(values, distinct);
  const [low, high] = [sorted[0], sorted[sorted.length - 1]];
  const even = Float64Array.from({ length: size }, (_, c) => low + ((high - low) * (c + 0.5)) / size);
  const quantiles = Float64Array.from(
    { length: size },
    (_, c) => sorted[Math.floor(((c + 0.5) / size) * sorted.length)],
  );
  const [a, b] = [even, quantiles].map((start) => lloyd(sorted, start));
  return fromCentroids(values, b.error < a.error ? b.centroids : a.centroids);
}

function fromCentroids(values: Float32Array, centroids: Iterable<number>): Shared {
  const codebook = Float32Array.from(new Set(Float32Array.from(centroids, roundToHalf)));
  return { codebook, codes: nearest(values, codebook) };
}

/** The values themselves where there are no more than `most`: weights that are shared already. k-means need not find them. */
function distinctOf(sorted: Float32Array, most: number): number[] | undefined {
  const found: number[] = [];
  for (let i = 0; i < sorted.length; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) continue;
    if (found.length === most) return undefined;
    found.push(sorted[i]);
  }
  return found;
}

function lloyd(sorted: Float32Array, start: Float64Array): { centroids: Float64Array; error: number } {
  const sums = new Float64Array(sorted.length + 1);
  const squares = new Float64Array(sorted.length + 1);
  for (let i = 0; i < sorted.length; i++) {
    sums[i + 1] = sums[i] + sorted[i];
    squares[i + 1] = squares[i] + sorted[i] * sorted[i];
  }
  let centroids = start;
  let error = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const next: number[] = [];
    let nextError = 0;
    for (let c = 0, from = 0; c < centroids.length; c++) {
      const border = c + 1 < centroids.length ? (centroids[c] + centroids[c + 1]) / 2 : Infinity;
      const to = upperBound(sorted, border, from);
      if (to > from) {
        const mean = (sums[to] - sums[from]) / (to - from);
        nextError += squares[to] - squares[from] - mean * mean * (to - from);
        next.push(mean);
      }
      from = to;
    }
    const isDone = next.length === centroids.length && nextError >= error;
    if (isDone) break;
    centroids = Float64Array.from(next);
    error = nextError;
  }
  return { centroids, error };
}

/** The number of values, from `from` on, that are at most `border`. */
function upperBound(sorted: Float32Array, border: number, from: number): number {
  let [low, high] = [from, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= border) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The code of the nearest entry of an ascending codebook; the lower one of two that are as near. */
function nearest(values: Float32Array, codebook: Float32Array): Uint8Array {
  const borders = Float64Array.from({ length: codebook.length - 1 }, (_, c) => (codebook[c] + codebook[c + 1]) / 2);
  const codes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let [low, high] = [0, borders.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[i] > borders[middle]) low = middle + 1;
      else high = middle;
    }
    codes[i] = low;
  }
  return codes;
}
