import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { type Cut, type NetName, prunedNet } from '../../../../tools/testing/pruned-nets.js';
import { inChromium } from './testing/browser.js';
import { expectNet } from './testing/expect-net.js';

beforeAll(() => tf.setBackend('cpu'));

inChromium('every network, in Chromium on software WebGPU', (page) => {
  const all = (['lenet-5', 'resnet-ds', 'liveness'] as NetName[]).flatMap((name) =>
    (['unstructured', '2:4', '4x1'] as Cut[]).map((cut) => [name, cut] as const),
  );
  const KERNELS = { unstructured: 'unstructured', '2:4': 'n:m', '4x1': 'blocks-4x1' };
  test.each(all)('%s, %s: agrees with cpu, leaks nothing and is undone', async (name, cut) => {
    const net = await prunedNet(name, cut);
    for (const kernel of [KERNELS[cut], 'auto']) expectNet(await page().checkNet(net, kernel), kernel, 1);
  });
});
