import { show, sizeOf } from '@espalier/core';
import { refuse } from '../kit/refuse.js';

/** An array of numbers as NumPy writes it, in row-major order. */
export interface Npy {
  readonly shape: readonly number[];
  /** 'u1', 'f4' and so on, as NumPy says it, without the byte order. */
  readonly type: string;
  readonly data:
    Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;
}

const MAGIC = '\x93NUMPY';
const READERS: Readonly<Record<string, (bytes: ArrayBuffer) => Npy['data']>> = {
  b1: (bytes) => new Uint8Array(bytes),
  u1: (bytes) => new Uint8Array(bytes),
  i1: (bytes) => new Int8Array(bytes),
  u2: (bytes) => new Uint16Array(bytes),
  i2: (bytes) => new Int16Array(bytes),
  u4: (bytes) => new Uint32Array(bytes),
  i4: (bytes) => new Int32Array(bytes),
  u8: (bytes) => Float64Array.from(new BigUint64Array(bytes), Number),
  i8: (bytes) => Float64Array.from(new BigInt64Array(bytes), Number),
  f4: (bytes) => new Float32Array(bytes),
  f8: (bytes) => new Float64Array(bytes),
};

/**
 * Reads a .npy file (numpy.lib.format, versions 1 to 3): booleans, integers and floats of 1 to 8 bytes, little-endian, in C order.
 * 64-bit integers become the nearest float64. InputErrors: 'npy-magic', 'npy-header', 'npy-type', 'npy-order', 'npy-truncated',
 * 'npy-trailing'.
 */
export function decodeNpy(bytes: Uint8Array, name: string): Npy {
  const where = show(name);
  const { header, start } = headerOf(bytes, where);
  const [, order, type] = /'descr':\s*'([<>|=])(\w+)'/.exec(header) ?? [];
  const [, fortran] = /'fortran_order':\s*(True|False)/.exec(header) ?? [];
  const [, dims] = /'shape':\s*\(([\d,\sL]*)\)/.exec(header) ?? [];
  if (fortran === undefined || dims === undefined) {
    refuse('npy-header', where, 'a header with descr, fortran_order and shape', show(header.slice(0, 80)), FIX);
  }
  if (type === undefined || !(type in READERS)) {
    refuse(
      'npy-type',
      where,
      'booleans, integers or floats of at most 8 bytes',
      typeIn(header),
      "save it with astype('float32')",
    );
  }
  if (order === '>')
    refuse('npy-order', where, 'little-endian values', 'big-endian ones', 'save it with astype() of your own type');
  if (fortran === 'True')
    refuse('npy-order', where, 'C order', 'Fortran order', 'save it with numpy.ascontiguousarray');
  const shape = dims.split(',').flatMap((dim) => (dim.trim() === '' ? [] : [Number.parseInt(dim, 10)]));
  const size = sizeOf(shape) * Number(type.slice(1));
  const left = bytes.length - start;
  if (size > left) refuse('npy-truncated', where, `${size} bytes for shape [${shape.join(', ')}]`, String(left), FIX);
  if (size < left) refuse('npy-trailing', where, `${size} bytes and no more`, String(left), FIX);
  // A copy begins where any type may begin.
  return { shape, type, data: READERS[type](bytes.slice(start).buffer) };
}

const FIX = 'save the array again with numpy.save';
const typeIn = (header: string) => show(/'descr':\s*([^,]{0,40})/.exec(header)?.[1] ?? header.slice(0, 40));

function headerOf(bytes: Uint8Array, where: string): { header: string; start: number } {
  if (latin1(bytes.subarray(0, 6)) !== MAGIC) {
    refuse(
      'npy-magic',
      where,
      'a .npy file, which begins with \\x93NUMPY',
      show(latin1(bytes.subarray(0, 6))),
      'give a .npy file',
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const wide = bytes[6] > 1;
  const fixed = wide ? 12 : 10;
  const length = bytes.length < fixed ? Infinity : wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = fixed + length;
  if (start > bytes.length) refuse('npy-truncated', where, 'a whole header', `${bytes.length} bytes`, FIX);
  return { header: latin1(bytes.subarray(fixed, start)), start };
}

const latin1 = (bytes: Uint8Array) =>
  Array.from(bytes.subarray(0, 65_536), (byte) => String.fromCharCode(byte)).join('');
