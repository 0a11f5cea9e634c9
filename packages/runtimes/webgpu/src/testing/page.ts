// What the test of browsers runs in the page; bundled by it.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { accelerate } from '../index.js';
import { convolutionCase, productCase } from './cases.js';
import { compare, download, FORMAT_NAMES } from './compare.js';
import { checkNet } from './nets.js';
import { values, weights } from './weights.js';

export interface Outcome {
  readonly backend: string;
  readonly formats: readonly string[];
  /** The largest max|a − b| / max|b| against cpu, by format. */
  readonly errors: Readonly<Record<string, number>>;
  /** Why a layer that was measured runs on what it does. */
  readonly measured: string;
}

const CASES = [
  productCase({
    rows: 3,
    inputs: 70,
    outputs: 37,
    activation: 'relu',
    sparsity: 0,
    block: 4,
    pattern: [2, 4],
    seed: 5,
  }),
  convolutionCase({
    batch: 2,
    size: [5, 4],
    channels: [32, 36],
    kernel: [3, 2],
    strides: [2, 1],
    dilations: [1, 1],
    pad: 'same',
    activation: 'elu',
    bias: true,
    sparsity: 0,
    block: 4,
    pattern: [4, 16],
    seed: 6,
  }),
];

async function check(): Promise<Outcome> {
  tf.env().set('PROD', true);
  const errors: Record<string, number> = {};
  for (const one of CASES) {
    for (const [format, error] of await compare(one)) errors[format] = Math.max(errors[format] ?? 0, error);
  }
  const b = tf.tensor2d(weights(64, 40, { sparsity: 0.95, block: 1, seed: 1 }), [64, 40]);
  const fast = await accelerate({ weights: { b } });
  const product = () => download(() => tf.matMul(tf.tensor2d(values(64, 2), [1, 64]), b));
  await product();
  await fast.ready();
  await product();
  const [{ reason }] = fast.layers;
  fast.dispose();
  return { backend: tf.getBackend(), formats: FORMAT_NAMES, errors, measured: reason };
}

const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;

Object.assign(globalThis, {
  check,
  checkNet: (artifacts: tf.io.ModelArtifacts, weights: string, shape: number[], kernel: string) =>
    checkNet({ artifacts: { ...artifacts, weightData: fromBase64(weights) }, shape }, kernel),
});
