/**
 * Positions by an adaptive binary range coder. Whether an element is kept is
 * predicted from how dense its row has been so far and how dense its column has, so that empty inputs, dead outputs and
 * layers that thin out cost next to nothing. All arithmetic is on integers: every machine decodes the same.
 */
import { type ByteReader, type ByteWriter, corrupt } from './bytes.js';
import { FULL_RANGE, RangeEncoder, RENORMALISE } from './range-coder.js';

const ONE = 1 << 15;
/** Densities, in 1/2^15, at which the next context begins. */
const EDGES = [
  16, 48, 96, 160, 256, 400, 600, 900, 1300, 1900, 2700, 3800, 5300, 7400, 10300, 14000, 18700, 22500, 25300, 27600,
  29500, 30900, 32000,
];
const LEVELS = EDGES.length + 1;
const ROW_SHIFT = 5;
const COLUMN_SHIFT = 4;
const COUNT_START = 3;
const COUNT_LIMIT = 255;
/** No probability is closer to 0 or 1 than this. */
const SURE = 8;

/** 24 · the level of each density. */
const ROW_LEVEL = new Uint16Array(ONE);
const COLUMN_LEVEL = new Uint8Array(ONE);
for (let density = 0, level = 0; density < ONE; density++) {
  if (density >= EDGES[level]) level++;
  COLUMN_LEVEL[density] = level;
  ROW_LEVEL[density] = level * LEVELS;
}
/** By how much of the error a context that was met n times is corrected, in 1/2^16. */
const RATES = Int32Array.from({ length: COUNT_LIMIT + 1 }, (_, n) => Math.floor((2 << 16) / (2 * n + 3)));

interface Model {
  readonly columns: Uint16Array;
  readonly chances: Uint16Array;
  readonly counts: Uint8Array;
  readonly initialRow: number;
}

/** Everything starts from the density of the whole. */
function startModel(width: number, size: number, kept: number): Model {
  const density = Math.min(ONE - 1, Math.floor((kept * ONE) / Math.max(1, size)));
  const middle = (level: number) => ((EDGES[level - 1] ?? 0) + (EDGES[level] ?? ONE)) >> 1;
  const chances = new Uint16Array(LEVELS * LEVELS);
  for (let row = 0; row < LEVELS; row++) {
    for (let column = 0; column < LEVELS; column++) {
      chances[row * LEVELS + column] = (middle(row) + middle(column)) >> 1;
    }
  }
  return {
    columns: new Uint16Array(width).fill(density),
    chances,
    counts: new Uint8Array(chances.length).fill(COUNT_START),
    initialRow: density,
  };
}

/** The positions in ascending order, of `size` elements in rows of `width`. */
export function encodeModelled(writer: ByteWriter, positions: Uint32Array, size: number, width: number): void {
  const { columns, chances, counts, initialRow } = startModel(width, size, positions.length);
  const coder = new RangeEncoder();
  let row = initialRow;
  let next = 0;
  for (let i = 0, column = 0; i < size; i++) {
    const isKept = positions[next] === i;
    const context = ROW_LEVEL[row] + COLUMN_LEVEL[columns[column]];
    const chance = chances[context];
    coder.encode(isKept, Math.imul(coder.range >>> 15, Math.min(ONE - SURE, Math.max(SURE, chance))));
    if (isKept) next++;
    const target = isKept ? ONE - 1 : 0;
    chances[context] = chance + (((target - chance) * RATES[counts[context]]) >> 16);
    if (counts[context] < COUNT_LIMIT) counts[context]++;
    row += (target - row) >> ROW_SHIFT;
    columns[column] += (target - columns[column]) >> COLUMN_SHIFT;
    if (++column === width) column = 0;
  }
  const bytes = coder.finish();
  writer.varint(bytes.length);
  writer.bytes(bytes);
}

/** The inverse, for as many positions as `positions` has room for. */
export function decodeModelled(reader: ByteReader, positions: Uint32Array, size: number, width: number): void {
  const bytes = reader.take(reader.varint('a length'), 'positions');
  const { columns, chances, counts, initialRow } = startModel(width, size, positions.length);
  const wanted = positions.length;
  let code = (bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3] | 0;
  let range = FULL_RANGE;
  let at = 4;
  let row = initialRow;
  let next = 0;
  for (let i = 0, column = 0; i < size; i++) {
    const density = columns[column];
    const context = ROW_LEVEL[row] + COLUMN_LEVEL[density];
    const chance = chances[context];
    const count = counts[context];
    const sure = chance < SURE ? SURE : chance > ONE - SURE ? ONE - SURE : chance;
    const bound = Math.imul(range >>> 15, sure);
    if (code < bound) {
      range = bound;
      // One too many is found out below.
      positions[next++] = i;
      chances[context] = chance + (Math.imul(ONE - 1 - chance, RATES[count]) >> 16);
      row += (ONE - 1 - row) >> ROW_SHIFT;
      columns[column] = density + ((ONE - 1 - density) >> COLUMN_SHIFT);
    } else {
      code -= bound;
      range -= bound;
      chances[context] = chance + (Math.imul(-chance, RATES[count]) >> 16);
      row += -row >> ROW_SHIFT;
      columns[column] = density + (-density >> COLUMN_SHIFT);
    }
    if (count < COUNT_LIMIT) counts[context] = count + 1;
    if (++column === width) column = 0;
    while (range < RENORMALISE) {
      range <<= 8;
      code = (code << 8) | bytes[at++];
    }
  }
  if (next !== wanted || at !== bytes.length || code < 0) {
    corrupt(reader.where, `${wanted} positions in ${bytes.length} bytes`, `${next} in ${at}`);
  }
}
