/**
 * Range asymmetric numeral systems (Duda, arXiv:1311.2540) over bytes with a static table: states of 31 bits in
 * [2^15, 2^31), probabilities of 12 bits, renormalised by 16-bit words. Symbol i belongs to state i mod N.
 */
import { type ByteReader, corrupt } from './bytes.js';

export const PROBABILITY_BITS = 12;
const TOTAL = 1 << PROBABILITY_BITS;
const LOW = 1 << 15;

/** Several states let a processor work on several symbols at once; each costs 4 bytes. */
export const statesFor = (count: number) => (count < 8192 ? 1 : 4);

/** Frequencies of 2^bits in all, at least 1 for every symbol that occurs, as near to the counts as that allows. */
export function normalise(counts: Float64Array, count: number, bits: number): Uint16Array {
  const total = 1 << bits;
  const out = new Uint16Array(counts.length);
  let sum = 0;
  for (let s = 0; s < counts.length; s++) {
    if (counts[s] > 0) out[s] = Math.max(1, Math.round((counts[s] / count) * total));
    sum += out[s];
  }
  for (; sum !== total; sum += sum < total ? 1 : -1) {
    const step = sum < total ? 0.5 : -0.5;
    let best = -1;
    let bestValue = 0;
    for (let s = 0; s < out.length; s++) {
      if (out[s] === 0 || (step < 0 && out[s] === 1)) continue;
      // The derivative of c·log2(f): what a step up gains, what a step down costs.
      const value = counts[s] / (out[s] + step);
      if (best < 0 || (step > 0 ? value > bestValue : value < bestValue)) [best, bestValue] = [s, value];
    }
    out[best] += 2 * step;
  }
  return out;
}

/** States (4 bytes each, little-endian), then the words in the order in which a decoder takes them. */
export function ransEncode(symbols: Uint8Array, frequencies: Uint16Array, bits: number): Uint8Array {
  const shift = PROBABILITY_BITS - bits;
  const starts = new Uint16Array(frequencies.length);
  for (let s = 1; s < starts.length; s++) starts[s] = starts[s - 1] + frequencies[s - 1];
  const lanes = statesFor(symbols.length);
  const states = new Int32Array(lanes).fill(LOW);
  // A symbol of probability 2^-12 takes no more than one word.
  const words = new Uint16Array(symbols.length);
  let at = words.length;
  for (let i = symbols.length - 1; i >= 0; i--) {
    const frequency = frequencies[symbols[i]] << shift;
    let x = states[i % lanes];
    // x >= frequency · 2^19, without leaving 31 bits.
    if (x >>> 19 >= frequency) {
      words[--at] = x;
      x >>>= 16;
    }
    const quotient = Math.floor(x / frequency);
    states[i % lanes] = quotient * TOTAL + (x - quotient * frequency) + (starts[symbols[i]] << shift);
  }
  const out = new Uint8Array(4 * lanes + 2 * (words.length - at));
  const view = new DataView(out.buffer);
  states.forEach((x, lane) => view.setInt32(4 * lane, x, true));
  for (let i = at, o = 4 * lanes; i < words.length; i++, o += 2) view.setUint16(o, words[i], true);
  return out;
}

/** The inverse; InputErrors 'compact-truncated', 'compact-data' where the payload is none that the encoder makes. */
export function ransDecode(reader: ByteReader, size: number, count: number, frequencies: Uint16Array, bits: number) {
  const { where } = reader;
  const lanes = statesFor(count);
  if (size < 4 * lanes || size % 2 !== 0) corrupt(where, 'entropy-coded symbols', `${size} bytes`);
  const states = new Int32Array(lanes);
  for (let lane = 0; lane < lanes; lane++) {
    states[lane] = reader.u32('a coder state');
    if (states[lane] < LOW) corrupt(where, 'a coder state from 2^15 to 2^31', states[lane]);
  }
  const words = readWords(reader.take(size - 4 * lanes, 'entropy-coded symbols'));
  const table = decodingTable(frequencies, PROBABILITY_BITS - bits);
  const out = new Uint8Array(count);
  // A word beyond the end reads as nothing; the check after the loop finds that out.
  const used = lanes === 1 ? decodeOne(states, words, table, out) : decodeFour(states, words, table, out);
  if (used !== words.length || states.some((x) => x !== LOW)) {
    corrupt(where, `${count} entropy-coded symbols in ${words.length} words`, 'others');
  }
  return out;
}

/** A copy, because words in a file are not aligned. */
function readWords(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.slice().buffer);
}

/** By slot: the symbol (8 bits), its frequency less one (12 bits), the slot's offset in the symbol's range (12 bits). */
function decodingTable(frequencies: Uint16Array, shift: number): Int32Array {
  const table = new Int32Array(TOTAL);
  let slot = 0;
  frequencies.forEach((f, symbol) => {
    const frequency = f << shift;
    for (let offset = 0; offset < frequency; offset++) {
      table[slot++] = (symbol << 24) | ((frequency - 1) << 12) | offset;
    }
  });
  return table;
}

function decodeOne(states: Int32Array, words: Uint16Array, table: Int32Array, out: Uint8Array): number {
  let at = 0;
  let x = states[0];
  for (let i = 0; i < out.length; i++) {
    const entry = table[x & 4095];
    out[i] = entry >>> 24;
    x = (Math.imul(((entry >>> 12) & 4095) + 1, x >>> 12) + (entry & 4095)) | 0;
    if (x < LOW) x = (x << 16) | words[at++];
  }
  states[0] = x;
  return at;
}

function decodeFour(states: Int32Array, words: Uint16Array, table: Int32Array, out: Uint8Array): number {
  let at = 0;
  let [a, b, c, d] = states;
  const whole = out.length & ~3;
  const fours = new Int32Array(out.buffer, 0, whole / 4);
  let i = 0;
  for (; i < whole; i += 4) {
    const ea = table[a & 4095];
    const eb = table[b & 4095];
    const ec = table[c & 4095];
    const ed = table[d & 4095];
    fours[i >> 2] = (ea >>> 24) | ((eb >>> 16) & 0xff00) | ((ec >>> 8) & 0xff0000) | (ed & ~0xffffff);
    a = (Math.imul(((ea >>> 12) & 4095) + 1, a >>> 12) + (ea & 4095)) | 0;
    b = (Math.imul(((eb >>> 12) & 4095) + 1, b >>> 12) + (eb & 4095)) | 0;
    c = (Math.imul(((ec >>> 12) & 4095) + 1, c >>> 12) + (ec & 4095)) | 0;
    d = (Math.imul(((ed >>> 12) & 4095) + 1, d >>> 12) + (ed & 4095)) | 0;
    if (a < LOW) a = (a << 16) | words[at++];
    if (b < LOW) b = (b << 16) | words[at++];
    if (c < LOW) c = (c << 16) | words[at++];
    if (d < LOW) d = (d << 16) | words[at++];
  }
  states.set([a, b, c, d]);
  for (; i < out.length; i++) {
    let x = states[i & 3];
    const entry = table[x & 4095];
    out[i] = entry >>> 24;
    x = (Math.imul(((entry >>> 12) & 4095) + 1, x >>> 12) + (entry & 4095)) | 0;
    if (x < LOW) x = (x << 16) | words[at++];
    states[i & 3] = x;
  }
  return at;
}
