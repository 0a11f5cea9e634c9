import { type Cut, type NetName, prunedNet } from '../../../../tools/testing/pruned-nets.js';
import { expectNet } from './testing/expect-net.js';
import { withWebGpu } from './testing/suite.js';

const KERNELS: readonly (readonly [Cut, string])[] = [
  ['unstructured', 'unstructured'],
  ['unstructured', 'unstructured-vector'],
  ['unstructured', 'auto'],
  ['2:4', 'n:m'],
  ['2:4', 'auto'],
  ['4x1', 'blocks-4x1'],
  ['4x1', 'blocks-4x1-vector'],
  ['4x1', 'auto'],
];

withWebGpu('every network with every kernel that fits, on software WebGPU in Node', (load) => {
  const all = (['lenet-5', 'resnet-ds', 'liveness'] as NetName[]).flatMap((name) =>
    KERNELS.map(([cut, kernel]) => [name, cut, kernel] as const),
  );
  it.each(all)('%s, %s: %s agrees with cpu, leaks nothing and is undone', async (name, cut, kernel) => {
    const { tf, checkNet } = await load();
    await tf.setBackend('cpu');
    expectNet(await checkNet(await prunedNet(name, cut), kernel), kernel, 1);
  });
});
