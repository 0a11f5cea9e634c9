import { isKept, prune, seededRandom } from '@espalier/core';
import type { Dataset } from '@espalier/data';
import { adaptLayers, loadLayersModel, toArtifacts } from '@espalier/adapter-layers';
import { readIdx, readModel, writeModel } from '@espalier/format';
import { enableTraining } from '@espalier/kernels-wasm/training';
import { accuracy } from '@espalier/measure';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import { DIGITS, ZOO } from '@espalier/zoo';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cosine, fineTune } from './index.js';

const PIXELS = 784;

/** The zoo's training digits (or its test digits), the former moved by up to `shift` pixels, anew for every epoch. */
async function digits(test: boolean): Promise<{ size: number; epoch(shift: number, seed: number): Dataset }> {
  const [images, labels] = [await readIdx(DIGITS.images), await readIdx(DIGITS.labels)];
  const rows = Array.from(labels.data.keys()).filter((i) => DIGITS.isTest(i) === test);
  return {
    size: rows.length,
    epoch(shift, seed) {
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
      return {
        x,
        y: Int32Array.from(rows, (row) => labels.data[row]),
        shape: [PIXELS],
        classes: 10,
        size: rows.length,
      };
    },
  };
}

test('LeNet-300-100 without 90% of its weights, fine-tuned, is as accurate as before, and its zeros are saved', async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('wasm');
  const undo = enableTraining();
  const dir = mkdtempSync(join(tmpdir(), 'espalier-no-loss-'));
  try {
    const [train, held] = [await digits(false), (await digits(true)).epoch(0, 0)];
    const model = adaptLayers(await loadLayersModel((await readModel(ZOO['lenet-300-100'].dir)).artifacts));
    const score = (m: typeof model) => accuracy((x) => m.predict(x), held, { inputShape: [PIXELS] });
    const dense = await score(model);
    const { plan, handle, sparsity } = await prune(model, {
      scorer: magnitude(),
      strategy: unstructured(),
      sparsity: 0.9,
    });
    expect(sparsity.achieved).toBeCloseTo(0.9, 4);
    await fineTune(model, {
      data: (epoch) => train.epoch(1, epoch),
      inputShape: [PIXELS],
      epochs: 12,
      learningRate: cosine(3e-3),
      seed: 0,
      handles: [handle],
    });
    handle.makePermanent();
    expect(await score(model)).toBeGreaterThanOrEqual(dense);

    await writeModel(dir, await toArtifacts(model.model));
    const saved = adaptLayers(await loadLayersModel((await readModel(dir)).artifacts));
    expect(await score(saved)).toBeGreaterThanOrEqual(dense);
    for (const id of plan.params) {
      const [values, mask] = [await saved.read(id), await plan.mask(id)];
      expect(values.every((value, i) => isKept(mask, i) || Object.is(value, 0))).toBe(true);
    }
    saved.dispose();
    model.dispose();
  } finally {
    undo();
    rmSync(dir, { recursive: true, force: true });
  }
});
