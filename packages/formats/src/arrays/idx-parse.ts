import { sizeOf } from '@espalier/core';
import { refuse } from '../kit/refuse.js';

/** Unsigned bytes in row-major order. */
export interface Idx {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export const IDX_DEFAULTS = { maxBytes: 2 ** 31 };

export const UBYTE = 8;
/** The most that DEFLATE can expand, to one: RFC 1951 codes at most 258 bytes in 2 bits. */
export const MOST_EXPANSION = 1032;
export const FIX = 'download the file again';

export const isGzip = (head: Uint8Array) => head[0] === 0x1f && head[1] === 0x8b;

export interface Limits {
  /** The most bytes that the file can hold once expanded. */
  readonly most: number;
  readonly maxBytes: number;
  readonly where: string;
}

/** Fills the values as they arrive, and gives up as soon as there are more than the header says. */
export async function collect(chunks: AsyncIterable<Uint8Array>, { most, maxBytes, where }: Limits): Promise<Idx> {
  let head: Uint8Array = new Uint8Array(0);
  let idx: Idx | undefined;
  let filled = 0;
  const fill = (chunk: Uint8Array, { data }: Idx) => {
    if (filled + chunk.length > data.length) {
      refuse(
        'idx-trailing',
        where,
        `${data.length} values and no more`,
        'more',
        'use the file that its header describes',
      );
    }
    data.set(chunk, filled);
    filled += chunk.length;
  };
  for await (const chunk of chunks) {
    if (idx) {
      fill(chunk, idx);
      continue;
    }
    head = joined(head, chunk);
    const shape = parseHead(head, where);
    if (shape === undefined) continue;
    const start = 4 + 4 * shape.length;
    idx = { shape, data: new Uint8Array(checkSize(shape, { most: most - start, maxBytes, where })) };
    fill(head.subarray(start), idx);
  }
  if (idx === undefined) return refuse('idx-truncated', where, 'a whole header', `${head.length} bytes`, FIX);
  if (filled < idx.data.length) refuse('idx-truncated', where, `${idx.data.length} values`, `${filled}`, FIX);
  return idx;
}

/** The dimensions, or undefined while bytes are missing. */
function parseHead(head: Uint8Array, where: string): number[] | undefined {
  if (head.length < 4) return undefined;
  if (head[0] !== 0 || head[1] !== 0) {
    const found = Array.from(head.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');
    refuse('idx-magic', where, 'an IDX file, which begins with 00 00 08', found, 'give an IDX file');
  }
  if (head[2] !== UBYTE) refuse('idx-type', where, 'unsigned bytes (type 8)', `type ${head[2]}`, 'convert it to bytes');
  if (head[3] === 0) refuse('idx-shape', where, 'at least one dimension', 'none', FIX);
  if (head.length < 4 + 4 * head[3]) return undefined;
  const view = new DataView(head.buffer, head.byteOffset);
  return Array.from({ length: head[3] }, (_, i) => view.getUint32(4 + 4 * i));
}

function checkSize(shape: number[], { most, maxBytes, where }: Limits): number {
  const size = sizeOf(shape);
  const wanted = `${shape.join(' × ')} = ${size} values`;
  if (!(size <= most)) refuse('idx-truncated', where, wanted, `a file that holds at most ${Math.max(0, most)}`, FIX);
  if (size > maxBytes) refuse('idx-size', where, `at most ${maxBytes} values`, `${size}`, 'split the data');
  return size;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
