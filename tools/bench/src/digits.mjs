// The zoo's digits as data for training, moved about.
import { seededRandom } from '@espalier/core';
import { readIdx } from '@espalier/format';
import { DIGITS } from '@espalier/zoo';

const PIXELS = 784;

/** Digits of the training part or of the test part: a function that moves each by up to `shift` pixels, as the seed says. */
export async function digits(test, shape) {
  const [images, labels] = [await readIdx(DIGITS.images), await readIdx(DIGITS.labels)];
  const rows = Array.from(labels.data.keys()).filter((i) => DIGITS.isTest(i) === test);
  return (shift, seed) => {
    const random = seededRandom(seed);
    const move = () => Math.floor(random() * (2 * shift + 1)) - shift;
    const x = new Float32Array(rows.length * PIXELS);
    rows.forEach((row, n) => {
      const [dx, dy] = [move(), move()];
      for (let p = 0; p < PIXELS; p++) {
        const [from, column] = [p - dy * 28 - dx, (p % 28) - dx];
        if (column >= 0 && column < 28 && from >= 0 && from < PIXELS)
          x[n * PIXELS + p] = images.data[row * PIXELS + from] / 255;
      }
    });
    return { x, y: Int32Array.from(rows, (row) => labels.data[row]), shape, classes: 10, size: rows.length };
  };
}
