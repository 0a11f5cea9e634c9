// The digits as the training script wants them: pixels from 0 to 1, split, shifted, in batches.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { DIGITS } from '@espalier/zoo';

export const SIDE = 28;
const PIXELS = SIDE * SIDE;

/** @returns {{ train: Digits, test: Digits }} where Digits is { x: Float32Array, y: Int32Array, size } */
export function readDigits() {
  const [images, labels] = [DIGITS.images, DIGITS.labels].map((file) => gunzipSync(readFileSync(file)));
  const [pixels, classes] = [images.subarray(16), labels.subarray(8)];
  const pick = (test) => {
    const rows = Array.from(classes.keys()).filter((i) => DIGITS.isTest(i) === test);
    const x = new Float32Array(rows.length * PIXELS);
    rows.forEach((row, i) => {
      for (let p = 0; p < PIXELS; p++) x[i * PIXELS + p] = pixels[row * PIXELS + p] / 255;
    });
    return { x, y: Int32Array.from(rows, (row) => classes[row]), size: rows.length };
  };
  return { train: pick(false), test: pick(true) };
}

/** The chosen digits, each moved by up to `reach` pixels along both axes. */
export function batchOf({ x, y }, rows, random, reach) {
  const out = new Float32Array(rows.length * PIXELS);
  const step = () => Math.floor(random() * (2 * reach + 1)) - reach;
  rows.forEach((row, i) => {
    const [down, right] = reach > 0 ? [step(), step()] : [0, 0];
    for (let h = Math.max(0, down); h < Math.min(SIDE, SIDE + down); h++) {
      const from = row * PIXELS + (h - down) * SIDE - right;
      for (let w = Math.max(0, right); w < Math.min(SIDE, SIDE + right); w++) {
        out[i * PIXELS + h * SIDE + w] = x[from + w];
      }
    }
  });
  return { x: out, y: Int32Array.from(rows, (row) => y[row]) };
}
