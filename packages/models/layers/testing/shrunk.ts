import { countKept, type Plan } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers } from '../src/index.js';
import { bytesOf, inputsFor, outputsOf, relativeDifference } from './build.js';

/** mask(plan) and shrink(plan) must be the same network, and both must leave the model as it was. */
export async function checkLaw(model: tfl.LayersModel, plan: Plan): Promise<void> {
  const prunable = adaptLayers(model);
  const before = await bytesOf(model);
  const x = inputsFor(model);
  const handle = await prunable.mask(plan);
  const masked = outputsOf(model, x);
  handle.restore();
  const smaller = await prunable.shrink(plan);
  const shrunk = outputsOf(smaller.model, x);
  try {
    for (const [i, output] of shrunk.entries()) {
      expect(await relativeDifference(output, masked[i])).toBeLessThanOrEqual(1e-5);
    }
    expect(smaller.groups.map(({ id, size, skip }) => ({ id, size, skip }))).toEqual(
      prunable.groups.map(({ id, size, skip }) => ({
        id,
        size: plan.units[id] ? countKept(plan.units[id]) : size,
        skip,
      })),
    );
    expect(await bytesOf(model)).toEqual(before);
  } finally {
    tf.dispose([x, masked, shrunk]);
    smaller.dispose();
  }
}
