import { BITS, CHUNK, CHUNK_COUNTS, COUNTS, INSIDE, SCORES } from '../abi/selection.js';
import { SELECT } from './binary.js';

interface Exports {
  readonly memory: WebAssembly.Memory;
  prepare(): void;
  bracket(size: number, low: number, high: number): number;
  mask(size: number, cut: number): number;
}

/** What one chunk has about a bracket of keys. */
export interface Bracketed {
  readonly below: number;
  readonly atLow: number;
  /** Keys strictly between low and high: a view that the next call overwrites. */
  readonly inside: Int32Array;
  readonly atHigh: number;
  /** No score is NaN or infinite. */
  readonly finite: boolean;
}

export interface Selector {
  /** `bits` are those of at most CHUNK scores. */
  bracket(bits: Int32Array, low: number, high: number): Bracketed;
  /** Writes 1 for every score above the cut from byte `to` of `bytes` on; returns how many are equal to it. */
  mask(bits: Int32Array, cut: number, bytes: Uint8Array, to: number): number;
}

/** What the module counted in the latest chunk, by name. */
const readCounts = (words: Int32Array) =>
  Object.fromEntries(CHUNK_COUNTS.map((name, i) => [name, words[i]])) as Record<(typeof CHUNK_COUNTS)[number], number>;

let loading: Promise<Selector | undefined> | undefined;

/** The compiled module, once for all; undefined where the engine has no WebAssembly SIMD. */
export const selector = (): Promise<Selector | undefined> => (loading ??= load());

const LARGEST_FINITE = 0x7f7fffff;

async function load(): Promise<Selector | undefined> {
  const bytes = Uint8Array.from(atob(SELECT), (character) => character.charCodeAt(0));
  if (!WebAssembly.validate(bytes)) return undefined;
  const { instance } = await WebAssembly.instantiate(bytes);
  const module = instance.exports as unknown as Exports;
  module.prepare();
  const { buffer } = module.memory;
  const scores = new Int32Array(buffer, SCORES, CHUNK);
  const inside = new Int32Array(buffer, INSIDE, CHUNK);
  const counts = new Int32Array(buffer, COUNTS, CHUNK_COUNTS.length);
  const mask = new Uint8Array(buffer, BITS, CHUNK / 8);
  return {
    bracket(bits, low, high) {
      scores.set(bits);
      const size = module.bracket(bits.length, low, high);
      const { below, over, above, largest } = readCounts(counts);
      return {
        below,
        atLow: bits.length - below - over,
        inside: inside.subarray(0, size),
        atHigh: over - above - size,
        finite: largest <= LARGEST_FINITE,
      };
    },
    mask(bits, cut, bytes, to) {
      scores.set(bits);
      const equal = module.mask(bits.length, cut);
      bytes.set(mask.subarray(0, (bits.length + 7) >> 3), to);
      return equal;
    },
  };
}
