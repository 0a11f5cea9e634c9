import '@tensorflow/tfjs-backend-cpu';
import { describeScorer, tinyBatches, tinyNetwork } from '@espalier/conformance';
import type { Batch, PrunableModel, Scorer } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { blockFisher } from './block-fisher.js';
import { empiricalFisher } from './empirical-fisher.js';
import { gaussNewton } from './gauss-newton.js';
import { hutchinson } from './hutchinson.js';

beforeAll(() => tf.setBackend('cpu'));

describeScorer('Hutchinson', () => hutchinson({ draws: 2 }));
describeScorer('block Fisher', () => blockFisher());

const read = async (scorer: Scorer, model: PrunableModel, batches: () => AsyncIterable<Batch> = tinyBatches()) =>
  (await scorer.score({ model, batches })).read('out/kernel');

test('Hutchinson converges to the exact Gauss-Newton diagonal; one draw is within its noise', async () => {
  const model = tinyNetwork();
  const exact = await read(gaussNewton(), model);
  const estimate = await read(hutchinson({ draws: 400 }), model);
  const scale = Math.max(...exact);
  exact.forEach((value, i) => expect(Math.abs(estimate[i] - value)).toBeLessThan(0.1 * scale));
  const [first, again, other] = [1, 1, 2].map((seed) => read(hutchinson({ seed }), model));
  expect(await first).toEqual(await again);
  expect(await other).not.toEqual(await first);
  model.dispose();
});

/*
 * By hand with one sample, g = (a, b) in a block: F = λ·I + g·gᵀ, [F⁻¹]_00 = (λ + b²)/(λ·(λ + a² + b²)).
 */
test('block Fisher: two weights and one sample, by the formula', async () => {
  const model = tinyNetwork();
  const batches = tinyBatches({ sizes: [1] });
  const damping = 0.01;
  let gradient: Float32Array | undefined;
  for await (const batch of batches()) {
    const { grads } = await model.gradients(batch);
    gradient = (await grads['out/kernel'].data<'float32'>()).slice();
    tf.dispose(grads);
  }
  const weights = await model.read('out/kernel');
  const scores = await read(blockFisher({ block: 2, damping }), model, batches);
  const [a, b] = gradient!;
  const inverse = (damping + b * b) / (damping * (damping + a * a + b * b));
  expect(scores[0] / (weights[0] ** 2 / (2 * inverse))).toBeCloseTo(1, 4);
  model.dispose();
});

test('blocks of one are the diagonal Fisher with damping', async () => {
  const model = tinyNetwork();
  const [blocks, diagonal] = [
    await read(blockFisher({ block: 1, damping: 1e-9 }), model),
    await read(empiricalFisher(), model),
  ];
  const scale = Math.max(...diagonal);
  diagonal.forEach((value, i) => expect(Math.abs(blocks[i] - value)).toBeLessThan(1e-4 * scale));
  model.dispose();
});

test('fewer samples than weights in a block are said, with both numbers', async () => {
  const model = tinyNetwork();
  const notesOf = async (block: number) =>
    (await blockFisher({ block }).score({ model, batches: tinyBatches({ sizes: [2, 3] }) })).notes?.map(
      ({ text }) => text,
    ) ?? [];
  expect(await notesOf(6)).toEqual([
    'block-fisher: 5 samples of calibration data for blocks of 6 weights, too few to tell them apart; give at least 6',
  ]);
  expect(await notesOf(5)).toEqual([]);
  model.dispose();
});

test('options that cannot be right are refused', () => {
  for (const make of [() => hutchinson({ draws: 0 }), () => hutchinson({ samples: 0.5 })])
    expect(make).toThrow(expect.objectContaining({ code: 'samples' }));
  expect(() => blockFisher({ block: 0 })).toThrow(expect.objectContaining({ code: 'block' }));
  expect(() => blockFisher({ damping: 0 })).toThrow(expect.objectContaining({ code: 'damping' }));
});
