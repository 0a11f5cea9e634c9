import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { prunedNet } from '../../../../tools/testing/pruned-nets.js';
import { inChromium } from './testing/browser.js';
import { expectNet } from './testing/expect-net.js';

const SLOW = 400_000;

beforeAll(() => tf.setBackend('cpu'));

inChromium('in Chromium, on software WebGPU', (page) => {
  test(
    'every kernel has the results of cpu',
    async () => {
      const outcome = await page().check();
      expect(outcome.backend).toBe('webgpu');
      expect(Object.keys(outcome.errors).sort()).toEqual([...outcome.formats].sort());
      for (const error of Object.values(outcome.errors)) expect(error).toBeLessThanOrEqual(1e-4);
      expect(outcome.measured).toMatch(/ran [\d.]+× as fast as the stock kernel/);
    },
    SLOW,
  );

  test(
    'a residual network with 2:4 agrees with cpu, leaks nothing and is undone',
    async () => {
      expectNet(await page().checkNet(await prunedNet('resnet-ds', '2:4'), 'n:m'), 'n:m', 10);
    },
    SLOW,
  );
});
