import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { toArtifacts } from '../src/index.js';
import { chain, dense, functional, L, sequential, type Symbolic } from './build.js';

// Broken on purpose, so its types say nothing.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export type Editable = { -readonly [K in keyof tf.io.ModelArtifacts]: Json };

export const chainModel = () =>
  sequential(
    L.conv2d({ inputShape: [4, 4, 1], filters: 2, kernelSize: 3, name: 'c' }),
    L.batchNormalization({ name: 'bn' }),
    L.flatten({ name: 'f' }),
    dense('d', 2),
  );

export const graphModel = () => {
  const x = tfl.input({ shape: [4], name: 'in_put' });
  const a = chain(x, dense('a_1', 3));
  const nested = tfl.sequential({ name: 'nest_ed', layers: [dense('in_side', 3, { inputShape: [3] })] });
  const sum = L.add({ name: 'sum' }).apply([a, chain(a, nested as never)]) as Symbolic;
  return functional(x, [chain(sum, dense('o_1', 2)), chain(a, dense('o_2', 1))]);
};

/** Artifacts as they come out of a file: plain JSON and bytes. */
export async function saved(model: tfl.LayersModel): Promise<Editable> {
  const artifacts = await toArtifacts(model);
  return { ...JSON.parse(JSON.stringify({ ...artifacts, weightData: null })), weightData: artifacts.weightData };
}
