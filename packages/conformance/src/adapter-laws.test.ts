import '@tensorflow/tfjs-backend-cpu';
// Registers gradients, for losses that are not the network's own.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { ADAPTER_LAWS } from './adapter-laws.js';
import { describeAdapter } from './describe.js';
import { openTinyNetwork as open, tinyNetwork } from './tiny-network.js';
import { BROKEN_WEIGHTS } from '../testing/broken-adapters.js';
import { BROKEN_VIEWS } from '../testing/broken-views.js';

const BROKEN = [...BROKEN_WEIGHTS, ...BROKEN_VIEWS];

beforeAll(() => tf.setBackend('cpu'));

const batch = () => ({
  x: tf.tensor2d([0.2, -1, 0.5, 1, 1, 0.3, -0.7, 0.1, -0.4, 0.8, 0.9, -1], [3, 4]),
  y: tf.tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]),
});
describeAdapter('the tiny network', { make: () => tinyNetwork(), batch, open });
describeAdapter('the tiny network with logits', { make: () => tinyNetwork({ output: 'logits' }), batch, open });

test.each(BROKEN)('%s: %s is caught', async (name, _how, make) => {
  const law = ADAPTER_LAWS.find((l) => l.name === name)!;
  // For what the law is about, and not for an accident on the way there.
  const detail = expect.not.stringMatching(/^it threw .*(Type|Range|Reference)Error/);
  await expect(law.check({ make, batch, open })).rejects.toMatchObject({ name: 'LawError', law: name, detail });
});

test('every law has been seen to fail', () => {
  expect(new Set(BROKEN.map(([name]) => name))).toEqual(new Set(ADAPTER_LAWS.map((l) => l.name)));
});
