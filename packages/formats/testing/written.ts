import type { io } from '@tensorflow/tfjs-core';
import { TINY_WEIGHTS, tinyJson } from './fixture.js';
import { readModel } from '../src/read-model.js';

export const { modelTopology, weightsManifest } = tinyJson();

export const artifacts = (weights: Float32Array = TINY_WEIGHTS): io.ModelArtifacts => ({
  format: 'layers-model',
  modelTopology,
  weightSpecs: weightsManifest[0].weights as io.WeightsManifestEntry[],
  weightData: weights.slice().buffer,
});

export const OTHER = TINY_WEIGHTS.map((w) => w * 2);

export const weightsIn = async (dir: string) =>
  new Float32Array((await readModel(dir)).artifacts.weightData as ArrayBuffer);

export const isTemporary = (name: string) => name.startsWith('.espalier');
