import { bitsFrom, countKept, memoryPlan, type Plan, pruneCount, seededRandom, shuffle } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers, type LayersPrunable, toArtifacts } from '../src/index.js';
import { Doubling, inputsFor, outputsOf, relativeDifference } from './build.js';
import { randomGraph } from './graphs.js';

/** Removes the fraction of every group's channels that may go, drawn at random; a group keeps one at least. */
export function randomCut({ groups }: Pick<LayersPrunable, 'groups'>, fraction: number, seed: number): Plan {
  const random = seededRandom(seed);
  const free = groups.filter(({ skip }) => skip === undefined);
  return memoryPlan({
    units: Object.fromEntries(
      free.map(({ id, size }) => {
        const order = shuffle(
          Array.from({ length: size }, (_, i) => i),
          random,
        );
        const removed = new Set(order.slice(0, Math.min(size - 1, pruneCount(size, fraction))));
        return [id, bitsFrom(size, (i) => !removed.has(i))];
      }),
    ),
  });
}

/**
 * Masks and shrinks by one plan: the outputs agree to `tolerance` of the largest, the smaller model has the plan's sizes,
 * plain TensorFlow.js loads it, and no tensor is left.
 */
export async function checkLaw(prunable: LayersPrunable, plan: Plan, x: tf.Tensor[], tolerance = 1e-4): Promise<void> {
  const tensors = tf.memory().numTensors;
  const handle = await prunable.mask(plan);
  const masked = outputsOf(prunable.model, x);
  handle.restore();
  const smaller = await prunable.shrink(plan);
  const artifacts = await toArtifacts(smaller);
  const loaded = await tfl.loadLayersModel({ load: async () => artifacts });
  for (const model of [smaller.model, loaded]) {
    const shrunk = outputsOf(model, x);
    for (const [i, output] of shrunk.entries()) {
      expect(await relativeDifference(output, masked[i])).toBeLessThanOrEqual(tolerance);
    }
    tf.dispose(shrunk);
  }
  const [change] = smaller.history!;
  for (const { id, shape } of prunable.params) {
    const wanted = [...shape];
    for (const { param, axis, removed } of change.removals) if (param === id) wanted[axis] -= removed.length;
    expect([id, smaller.params.find((param) => param.id === id)!.shape]).toEqual([id, wanted]);
  }
  adaptLayers(loaded).dispose();
  smaller.dispose();
  tf.dispose(masked);
  expect(tf.memory().numTensors).toBe(tensors);
}

/** The law on graphs of the seeds from `first`; most of them must have channels to lose, or it says little. */
export async function checkGraphs(first: number, count: number): Promise<void> {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
  tf.serialization.registerClass(Doubling);
  let prunable = 0;
  for (let seed = first; seed < first + count; seed++) {
    const graph = randomGraph(seed);
    const adapted = adaptLayers(graph.model);
    const x = inputsFor(graph.model, seed).map((t, i) =>
      graph.model.inputs[i].name.startsWith('tokens') ? asTokens(t) : t,
    );
    try {
      for (const fraction of [0.3, 0.6]) {
        const plan = randomCut(adapted, fraction, seed);
        if (fraction === 0.6 && Object.values(plan.units).some((bits) => countKept(bits) < bits.length)) prunable++;
        await checkLaw(adapted, plan, x);
      }
    } catch (error) {
      throw new Error(`graph of seed ${seed} (${[...graph.used].join(', ')}): ${String(error)}`, { cause: error });
    }
    tf.dispose(x);
    adapted.dispose();
  }
  expect(prunable).toBeGreaterThan(0.8 * count);
}

const asTokens = (x: tf.Tensor) => {
  const tokens = tf.tidy(() => tf.floor(tf.mul(tf.abs(x), 6)));
  x.dispose();
  return tokens;
};
