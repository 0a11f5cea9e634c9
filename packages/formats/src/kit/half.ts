/** The nearest float16 of a finite float32 (ties to even), as its bits; undefined where it would be infinite. */
export function toHalf(value: number): number | undefined {
  FLOAT[0] = value;
  const bits = BITS[0];
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent >= 31) return undefined;
  if (exponent <= 0) {
    // A subnormal counts 2^-24.
    const magnitude = Math.abs(value) * 2 ** 24;
    const floor = Math.floor(magnitude);
    const rest = magnitude - floor;
    return sign | (floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0));
  }
  const rounded = ((exponent << 10) | (fraction >>> 13)) + roundUp(fraction);
  return rounded >= 0x7c00 ? undefined : sign | rounded;
}

const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);

function roundUp(fraction: number): number {
  const rest = fraction & 0x1fff;
  return rest > 0x1000 || (rest === 0x1000 && (fraction >>> 13) % 2 === 1) ? 1 : 0;
}

export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The value rounded to float16, or as it is where float16 would lose more than its 11 bits. */
export function roundToHalf(value: number): number {
  const bits = toHalf(value);
  return bits === undefined || !isPrecise(value) ? Math.fround(value) : fromHalf(bits);
}

/** Whether float16 keeps 11 bits of the value. */
export const isPrecise = (value: number) => value === 0 || (Math.abs(value) >= 2 ** -14 && Math.abs(value) <= 65504);

/**
 * Whether float16 errs by at most 2^-11 of each value, or by 2^-25 where that is at most 2^-15 of the largest value; a weight
 * that small beside the others is as good as zero.
 */
export function fitsHalf(values: Float32Array): boolean {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  return values.every(isPrecise) || (largest <= 65504 && largest >= 2 ** -10);
}

let table: Float32Array | undefined;

/** float32 of float16s. */
export function halvesToFloats(halves: Uint16Array): Float32Array {
  if (halves.length > 4096) table ??= Float32Array.from({ length: 65536 }, (_, bits) => fromHalf(bits));
  const out = new Float32Array(halves.length);
  for (let i = 0; i < out.length; i++) out[i] = table ? table[halves[i]] : fromHalf(halves[i]);
  return out;
}
