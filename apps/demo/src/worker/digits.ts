/** The zoo's digits, loaded once. */
import type { Dataset } from '@espalier/data';
import { InputError } from '@espalier/core';
import imagesUrl from '@espalier/zoo/data/images.idx3-ubyte.gz?url';
import labelsUrl from '@espalier/zoo/data/labels.idx1-ubyte.gz?url';
import { isTest } from '@espalier/zoo/web';
import { fetchBytes } from './fetch-bytes.js';

export interface Digits {
  readonly train: Dataset;
  readonly test: Dataset;
}

export const SIDE = 28;
const PIXELS = SIDE * SIDE;
let loading: Promise<Digits> | undefined;

export const loadDigits = () => (loading ??= load());

async function load(): Promise<Digits> {
  const [images, labels] = await Promise.all([unpack(imagesUrl, 16), unpack(labelsUrl, 8)]);
  if (images.length !== labels.length * PIXELS) {
    throw new InputError('data-idx', `the digits are damaged: ${images.length} pixels for ${labels.length} labels`);
  }
  return { train: part(images, labels, (i) => !isTest(i)), test: part(images, labels, isTest) };
}

/** The values of an IDX file, without its head. Web servers may have unpacked the gzip already. */
async function unpack(url: string, head: number): Promise<Uint8Array> {
  const bytes = await fetchBytes(url);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.subarray(head);
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(plain).arrayBuffer()).subarray(head);
}

function part(images: Uint8Array, labels: Uint8Array, isIn: (index: number) => boolean): Dataset {
  const rows = Array.from(labels.keys()).filter(isIn);
  const x = new Float32Array(rows.length * PIXELS);
  rows.forEach((row, i) => {
    for (let p = 0; p < PIXELS; p++) x[i * PIXELS + p] = images[row * PIXELS + p] / 255;
  });
  return { x, y: Int32Array.from(rows, (row) => labels[row]), shape: [SIDE, SIDE], classes: 10, size: rows.length };
}
