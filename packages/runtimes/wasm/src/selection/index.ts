import { checkFiniteScores, countKept, type Cut, seededRandom, selectLowest, type Slice } from '@espalier/core';
import { type Decision, realise } from './cut.js';
import { join, keyOf, survivors } from './keys.js';
import { CHUNK } from '../abi/selection.js';
import { type Selector, selector } from './module.js';
import { nth } from './nth.js';

/** Scores in the sample: one of 256, within these limits, in runs of neighbours. */
const SAMPLE = { share: 1 / 256, least: 1024, most: 131_072 };
const RUN = 8;
/** Half the bracket's width in standard deviations of a rank in the sample; a miss costs time alone. */
const DEVIATIONS = 4;

const LOWEST = -0x80000000;
const HIGHEST = 0x7fffffff;

/**
 * `selectLowest` of @espalier/core with the counting in WebAssembly: the same choice, bit for bit, and the same errors. A sample brackets
 * the cut, one SIMD pass counts what is below and gathers what is inside (Floyd and Rivest, doi:10.1145/360680.360691), and
 * the exact value is picked from that. Where the bracket misses, or the engine has no SIMD, `selectLowest` itself decides.
 *
 * Every slice is read twice for the cut, and once more for its mask. The module has its own 320 kB of memory; TensorFlow.js is not needed.
 */
export async function selectLowestWasm(slices: readonly Slice[], count: number): Promise<Cut> {
  const wasm = await selector();
  const sizes = slices.map(({ size, previous }) => (previous ? countKept(previous) : size));
  const total = sizes.reduce((sum, n) => sum + n, 0);
  const wanted = count - slices.reduce((sum, { size }, i) => sum + size - sizes[i], 0);
  if (!wasm || wanted <= 0 || wanted > total) return selectLowest(slices, count);
  const { low, high } = bracketOf(await sampleOf(slices, sizes, total), (wanted - 1) / total);
  const found = await pass(wasm, slices, low, high, total);
  const cut = found && decide(found, low, high, wanted);
  return cut ? realise(wasm, slices, cut) : selectLowest(slices, count);
}

/** Keys drawn from all slices: runs of neighbours, which cost one cache miss, one from each stretch of a regular length. */
async function sampleOf(slices: readonly Slice[], sizes: readonly number[], total: number): Promise<Int32Array> {
  const wanted = Math.max(SAMPLE.least, Math.min(SAMPLE.most, Math.ceil(total * SAMPLE.share)));
  const stretch = Math.max(RUN, (total * RUN) / wanted);
  const random = seededRandom(total);
  const sample = new Int32Array(Math.ceil(total / stretch) * RUN);
  let [taken, before, runs] = [0, 0, 0];
  for (const [i, slice] of slices.entries()) {
    const bits = await survivors(slice, sizes[i]);
    const end = before + bits.length;
    while (runs * stretch < end) {
      // A run may not reach into the next slice, which is read after this one.
      const free = Math.max(0, Math.min(stretch, end - runs * stretch) - RUN);
      const first = Math.max(0, Math.floor(runs * stretch + random() * free) - before);
      for (let at = first; at < Math.min(first + RUN, bits.length); at++) sample[taken++] = keyOf(bits[at]);
      runs++;
    }
    before = end;
  }
  return sample.subarray(0, taken);
}

function bracketOf(sample: Int32Array, share: number): { low: number; high: number } {
  const size = sample.length;
  const rank = share * size;
  const margin = DEVIATIONS * Math.sqrt(size * share * (1 - share)) + 1;
  const [first, last] = [Math.floor(rank - margin), Math.ceil(rank + margin)];
  return { low: first < 0 ? LOWEST : nth(sample, first), high: last >= size ? HIGHEST : nth(sample, last) };
}

/** What all slices have about the bracket; of each slice by itself, how many keys are at its ends, and which are inside. */
interface Found {
  below: number;
  readonly atLow: number[];
  readonly atHigh: number[];
  readonly inside: Int32Array[];
}

/** undefined = so much lies inside that the bracket is worth nothing. */
async function pass(
  wasm: Selector,
  slices: readonly Slice[],
  low: number,
  high: number,
  total: number,
): Promise<Found | undefined> {
  const found: Found = { below: 0, atLow: [], atHigh: [], inside: [] };
  const room = Math.max(8 * CHUNK, total / 4);
  let gathered = 0;
  for (const slice of slices) {
    const bits = await survivors(slice, undefined);
    const parts: Int32Array[] = [];
    let [atLow, atHigh, finite] = [0, 0, true];
    for (let at = 0; at < bits.length; at += CHUNK) {
      const chunk = wasm.bracket(bits.subarray(at, at + CHUNK), low, high);
      found.below += chunk.below;
      atLow += chunk.atLow;
      atHigh += chunk.atHigh;
      finite &&= chunk.finite;
      if (chunk.inside.length > 0 && gathered <= room) parts.push(chunk.inside.slice());
      gathered += chunk.inside.length;
    }
    if (!finite) checkFiniteScores(slice.id, await slice.read());
    found.atLow.push(atLow);
    found.atHigh.push(atHigh);
    found.inside.push(join(parts));
  }
  return gathered <= room ? found : undefined;
}

/** The key of the `wanted`-th lowest score (1 = lowest); undefined = it is outside of the bracket. */
function decide(
  { below, atLow, atHigh, inside }: Found,
  low: number,
  high: number,
  wanted: number,
): Decision | undefined {
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
  const keys = join(inside);
  let rank = wanted - below;
  if (rank <= 0) return undefined;
  if (rank <= sum(atLow)) return { key: low, kept: sum(atLow) - rank, equal: atLow };
  rank -= sum(atLow);
  if (rank <= keys.length) {
    const key = nth(keys, rank - 1);
    let lower = 0;
    const equal = inside.map((part) => {
      let count = 0;
      for (const k of part) {
        if (k === key) count++;
        else if (k < key) lower++;
      }
      return count;
    });
    return { key, kept: sum(equal) - (rank - lower), equal };
  }
  rank -= keys.length;
  return rank <= sum(atHigh) ? { key: high, kept: sum(atHigh) - rank, equal: atHigh } : undefined;
}
