/** Files as NumPy would write them. */
import { zipSync } from 'fflate';

interface Values {
  readonly type: 'f4' | 'u1' | 'i8';
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export function npy({ type, shape, values }: Values): Uint8Array {
  const dims = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const order = type === 'u1' ? '|' : '<';
  const dict = `{'descr': '${order}${type}', 'fortran_order': False, 'shape': ${dims}, }`;
  const header = `${dict.padEnd(117)}\n`;
  const data = { f4: Float32Array, u1: Uint8Array, i8: BigInt64Array }[type];
  const body = new Uint8Array(
    type === 'i8' ? BigInt64Array.from(values, BigInt).buffer : (data as typeof Float32Array).from(values).buffer,
  );
  return Uint8Array.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0, ...Buffer.from(header), ...body]);
}

export const npz = (arrays: Readonly<Record<string, Values>>): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, npy(array)])), { level: 0 });
