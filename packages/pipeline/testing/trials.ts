import { tinyNetwork } from '@espalier/conformance';
import { type PrunableModel, sizeOf } from '@espalier/core';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import type { Tools, Trial } from '../src/trial/tools.js';

export const HAND = {
  hiddenKernel: [
    [0.1, -0.6],
    [0.5, -0],
  ],
  hiddenBias: [0.25, -0.125],
  outKernel: [
    [0.4, -0.2],
    [0.3, 0.7],
  ],
  outBias: [0, -0],
};

const bitsOf = async (of: PrunableModel) =>
  Object.fromEntries(
    await Promise.all(of.params.map(async ({ id }) => [id, [...new Uint32Array((await of.read(id)).buffer)]] as const)),
  );

/** A network with weights worked by hand, anew for each test. Whatever a test does, its bits, −0 among them, and the tensors are as before. */
export function handModel(): () => PrunableModel {
  let model: PrunableModel;
  let tensors: number;
  let weights: Record<string, readonly number[]>;
  beforeEach(async () => {
    model = tinyNetwork({ weights: HAND });
    tensors = tf.memory().numTensors;
    weights = await bitsOf(model);
  });
  afterEach(async () => {
    expect(await bitsOf(model)).toEqual(weights);
    expect(tf.memory().numTensors).toBe(tensors);
    model.dispose();
  });
  return () => model;
}

export const half: Trial = { scorer: magnitude(), strategy: unstructured() };
export const times = { medianMs: 2, p10Ms: 1, p90Ms: 3, runs: 5, speedup: { median: 1.5, p10: 1.25, p90: 2 } };
const weightsIn = (of: PrunableModel) => of.params.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** Tools that tell what they saw. */
export function tools(seen: string[] = []): Tools & { clock: () => number } {
  let clock = 0;
  return {
    accuracy: async (of) => {
      seen.push(`accuracy of ${weightsIn(of)}`);
      return 100 * Math.abs((await of.read('hidden/kernel'))[0]);
    },
    sizesOf: async (of) => ({ raw: 4 * weightsIn(of), gzip: 3 * weightsIn(of), brotli: 2 * weightsIn(of) }),
    latency: async (contenders) => {
      seen.push(`latency of ${contenders.map(({ name }) => name).join(' and ')}`);
      return [{ backend: 'wasm', ran: 'cpu', batch: 1, entries: contenders.map(() => times) }];
    },
    clock: () => (clock += 500),
  };
}
