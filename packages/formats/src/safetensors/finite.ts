import { refuse } from '../kit/refuse.js';

type Test = (bytes: Uint8Array<ArrayBuffer>) => number;

const words =
  (Words: typeof Uint16Array | typeof Uint32Array, exponent: number): Test =>
  ({ buffer }) =>
    new Words(buffer).findIndex((word) => (word & exponent) === exponent);
const octets =
  (mask: number, wanted: number): Test =>
  (bytes) =>
    bytes.findIndex((byte) => (byte & mask) === wanted);
const doubles: Test = ({ buffer }) => new Float64Array(buffer).findIndex((value) => !Number.isFinite(value));
const complex: Test = (bytes) => Math.floor(words(Uint32Array, 0x7f800000)(bytes) / 2);

/** Where the first NaN or infinity of a tensor is; dtypes that have none are not listed. */
const FIRST: Readonly<Record<string, Test>> = {
  F64: doubles,
  F32: words(Uint32Array, 0x7f800000),
  C64: complex,
  F16: words(Uint16Array, 0x7c00),
  BF16: words(Uint16Array, 0x7f80),
  F8_E5M2: octets(0x7c, 0x7c),
  F8_E4M3: octets(0x7f, 0x7f),
  F8_E4M3FNUZ: octets(0xff, 0x80),
  F8_E5M2FNUZ: octets(0xff, 0x80),
  F8_E8M0: octets(0xff, 0xff),
};

/** Throws an InputError with code 'weight-not-finite' for a tensor with a NaN or an infinity in it. `bytes` are a whole buffer. */
export function refuseNotFinite(dtype: string, bytes: Uint8Array<ArrayBuffer>, where: string): void {
  const index = Object.hasOwn(FIRST, dtype) ? FIRST[dtype](bytes) : -1;
  if (index < 0) return;
  const found = `NaN or an infinity at index ${index}`;
  refuse('weight-not-finite', where, 'finite values', found, 'repair it, or keep values that are not finite');
}
