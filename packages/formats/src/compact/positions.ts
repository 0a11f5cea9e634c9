import { type ByteReader, ByteWriter, corrupt } from './bytes.js';
import { decodeCounted, encodeCounted } from './counted.js';
import { decodeModelled, encodeModelled } from './modelled.js';
import { decodeSymbols, encodeSymbols } from './symbols.js';

/** How the positions of kept elements are stored; the numbers are those in the file. */
export const POSITIONS = { dense: 0, bitmap: 1, gaps: 2, pattern: 3, block: 4, modelled: 5, counted: 6 } as const;
export type PositionsKind = keyof typeof POSITIONS;

/** A tensor's elements as rows of `width`; `planes` matrices of [depth, width] where an input axis is known. */
export interface Layout {
  readonly size: number;
  readonly width: number;
  readonly depth: number;
}

export function layoutOf(shape: readonly number[], size: number): Layout {
  const width = Math.max(1, shape.length > 0 ? shape[shape.length - 1] : 1);
  const depth = Math.max(1, shape.length > 1 ? shape[shape.length - 2] : 1);
  return { size, width: Math.min(width, Math.max(1, size)), depth };
}

/** A gap of this many elements and more goes on in the next symbol. */
const ESCAPE = 255;
const PATTERNS = [4, 8];
/** Elements in a block, and whether they follow one another along the input axis instead of the output axis. */
const BLOCKS = [4, 8, 16, 32].flatMap((length) => [
  { length, isDown: false },
  { length, isDown: true },
]);

export interface Candidate {
  readonly kind: PositionsKind;
  readonly bytes: Uint8Array;
  /** What is stored for these positions: more than the kept ones where whole blocks are. */
  readonly positions: Uint32Array;
}

/** Every way to store ascending positions, `dense` aside. */
export function* encodePositions(positions: Uint32Array, layout: Layout): Generator<Candidate> {
  const make = (kind: PositionsKind, stored: Uint32Array, write: (writer: ByteWriter) => void): Candidate => {
    const writer = new ByteWriter();
    writer.varint(stored.length);
    write(writer);
    return { kind, bytes: writer.done(), positions: stored };
  };
  const { size, width, depth } = layout;
  yield make('bitmap', positions, (w) => encodeSymbols(w, bitmapOf(positions, size)));
  yield make('gaps', positions, (w) => {
    const gaps = gapsOf(positions);
    w.varint(gaps.length);
    encodeSymbols(w, gaps);
  });
  for (const length of PATTERNS) {
    if (depth < length) continue;
    yield make('pattern', positions, (w) => {
      w.u8(length);
      encodeSymbols(w, patternsOf(positions, layout, length));
    });
  }
  for (const block of BLOCKS) {
    if ((block.isDown ? depth : width) < block.length) continue;
    const { used, stored } = blocksOf(positions, layout, block);
    // Blocks that are half empty are no blocks.
    if (stored.length > 2 * positions.length) continue;
    yield make('block', stored, (w) => {
      w.u8(block.length);
      w.u8(block.isDown ? 1 : 0);
      encodeSymbols(w, used);
    });
  }
  yield make('modelled', positions, (w) => encodeModelled(w, positions, size, width));
  const counted = encodeCounted(positions, size);
  if (counted) yield make('counted', positions, (w) => w.bytes(counted));
}

/** The positions of a tensor that is not dense, ascending and below the tensor's size. */
export function decodePositions(reader: ByteReader, kind: number, layout: Layout): Uint32Array {
  const { where } = reader;
  const count = reader.varint('a number of kept elements');
  if (count > layout.size) corrupt(where, `at most ${layout.size} kept elements`, count);
  const positions = new Uint32Array(count);
  if (kind === POSITIONS.bitmap) {
    const bytes = decodeSymbols(reader, Math.ceil(layout.size / 8));
    collect(bytes, positions, layout.size, where);
  } else if (kind === POSITIONS.gaps) decodeGaps(reader, positions, layout.size);
  else if (kind === POSITIONS.pattern) decodePatterns(reader, positions, layout);
  else if (kind === POSITIONS.block) decodeBlocks(reader, positions, layout);
  else if (kind === POSITIONS.modelled) decodeModelled(reader, positions, layout.size, layout.width);
  else if (kind === POSITIONS.counted && reader.version >= 2) decodeCounted(reader, positions, layout.size);
  else corrupt(where, `a form of positions from 0 to ${reader.version < 2 ? 5 : 6}`, kind);
  return positions;
}

function bitmapOf(positions: Uint32Array, size: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(size / 8));
  for (let i = 0; i < positions.length; i++) bytes[positions[i] >>> 3] |= 1 << (positions[i] & 7);
  return bytes;
}

function collect(bytes: Uint8Array, positions: Uint32Array, size: number, where: string): void {
  let next = 0;
  for (let i = 0; i < bytes.length; i++) {
    for (let byte = bytes[i], at = 8 * i; byte !== 0; byte &= byte - 1) {
      positions[next++] = at + 31 - Math.clz32(byte & -byte);
    }
  }
  const spare = bytes.length > 0 ? bytes[bytes.length - 1] >> (8 - (8 * bytes.length - size)) : 0;
  if (next !== positions.length || spare !== 0) corrupt(where, `${positions.length} bits set`, next);
}

function gapsOf(positions: Uint32Array): Uint8Array {
  const writer = new ByteWriter();
  let last = -1;
  for (let i = 0; i < positions.length; i++) {
    let gap = positions[i] - last - 1;
    last = positions[i];
    for (; gap >= ESCAPE; gap -= ESCAPE) writer.u8(ESCAPE);
    writer.u8(gap);
  }
  return writer.done();
}

function decodeGaps(reader: ByteReader, positions: Uint32Array, size: number): void {
  const { where } = reader;
  const count = reader.varint('a number of gaps');
  const most = positions.length + Math.floor(size / ESCAPE);
  if (count > most) corrupt(where, `at most ${most} gaps`, count);
  const gaps = decodeSymbols(reader, count);
  let at = -1;
  let next = 0;
  for (let i = 0; i < count; i++) {
    at += gaps[i];
    if (gaps[i] < ESCAPE) positions[next++] = ++at;
  }
  const isEscaped = count > 0 && gaps[count - 1] === ESCAPE;
  if (next !== positions.length || at >= size || isEscaped) {
    corrupt(where, `${positions.length} positions below ${size}`, `${next} up to ${at}`);
  }
}

/** Which elements of each group of `length` along the input axis are kept: bit t is element t of the group. */
function patternsOf(positions: Uint32Array, layout: Layout, length: number): Uint8Array {
  const { width, depth } = layout;
  const groups = Math.ceil(depth / length);
  const out = new Uint8Array((layout.size / (width * depth)) * groups * width);
  for (let i = 0; i < positions.length; i++) {
    const row = Math.floor(positions[i] / width);
    const input = row % depth;
    const group = ((row - input) / depth) * groups + Math.floor(input / length);
    out[group * width + (positions[i] % width)] |= 1 << (input % length);
  }
  return out;
}

function decodePatterns(reader: ByteReader, positions: Uint32Array, { size, width, depth }: Layout): void {
  const { where } = reader;
  const length = reader.u8('the length of a group');
  if (!PATTERNS.includes(length) || depth < length) corrupt(where, `groups of ${PATTERNS.join(' or ')}`, length);
  const groups = Math.ceil(depth / length);
  const patterns = decodeSymbols(reader, (size / (width * depth)) * groups * width);
  let next = 0;
  let row = 0;
  for (let first = 0; first < patterns.length; first += width) {
    const inputs = Math.min(length, depth - (row % depth));
    for (let t = 0; t < inputs; t++, row++) {
      for (let column = 0; column < width; column++) {
        if ((patterns[first + column] >> t) & 1) positions[next++] = row * width + column;
      }
    }
    if (inputs < 8 && patterns.subarray(first, first + width).some((pattern) => pattern >> inputs !== 0)) {
      corrupt(where, `groups of ${inputs}`, 'more');
    }
  }
  if (next !== positions.length) corrupt(where, `${positions.length} positions`, next);
}

interface Block {
  readonly length: number;
  readonly isDown: boolean;
}

/** The number of each element's block; blocks at the end of an axis may be shorter. */
function blockCounter({ width, depth }: Layout, { length, isDown }: Block) {
  const perRow = Math.ceil(width / length);
  const perColumn = Math.ceil(depth / length);
  return isDown
    ? (row: number, column: number) => {
        const input = row % depth;
        return (((row - input) / depth) * perColumn + Math.floor(input / length)) * width + column;
      }
    : (row: number, column: number) => row * perRow + Math.floor(column / length);
}

const blocksIn = ({ size, width, depth }: Layout, { length, isDown }: Block) =>
  isDown ? (size / (width * depth)) * Math.ceil(depth / length) * width : (size / width) * Math.ceil(width / length);

function blocksOf(positions: Uint32Array, layout: Layout, block: Block): { used: Uint8Array; stored: Uint32Array } {
  const { width } = layout;
  const blockOf = blockCounter(layout, block);
  const isUsed = new Uint8Array(blocksIn(layout, block));
  for (const at of positions) isUsed[blockOf(Math.floor(at / width), at % width)] = 1;
  const bits = new Uint32Array(isUsed.reduce((a, b) => a + b, 0));
  let next = 0;
  isUsed.forEach((used, i) => used && (bits[next++] = i));
  return { used: bitmapOf(bits, isUsed.length), stored: expandBlocks(isUsed, layout, block) };
}

function expandBlocks(isUsed: Uint8Array, layout: Layout, block: Block): Uint32Array {
  const { size, width } = layout;
  const blockOf = blockCounter(layout, block);
  let stored: number;
  for (let pass = 0, out = new Uint32Array(0); ; pass++) {
    stored = 0;
    for (let at = 0, row = 0; at < size; row++) {
      for (let column = 0; column < width; column++, at++) {
        if (isUsed[blockOf(row, column)] === 0) continue;
        if (pass > 0) out[stored] = at;
        stored++;
      }
    }
    if (pass > 0) return out;
    out = new Uint32Array(stored);
  }
}

function decodeBlocks(reader: ByteReader, positions: Uint32Array, layout: Layout): void {
  const { where } = reader;
  const [length, isDown] = [reader.u8('the length of a block'), reader.u8('the axis of a block')];
  if (!BLOCKS.some((b) => b.length === length && Number(b.isDown) === isDown)) {
    corrupt(where, 'a known block', `${length} along axis ${isDown}`);
  }
  const block = { length, isDown: isDown === 1 };
  const count = blocksIn(layout, block);
  const bits = decodeSymbols(reader, Math.ceil(count / 8));
  const isUsed = Uint8Array.from({ length: count }, (_, i) => (bits[i >> 3] >> (i & 7)) & 1);
  const found = expandBlocks(isUsed, layout, block);
  if (found.length !== positions.length) corrupt(where, `${positions.length} positions`, found.length);
  positions.set(found);
}
