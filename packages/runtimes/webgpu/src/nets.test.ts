import { type Cut, type NetName, prunedNet } from '../../../../tools/testing/pruned-nets.js';
import { expectNet } from './testing/expect-net.js';
import { withWebGpu } from './testing/suite.js';

withWebGpu('whole networks, on software WebGPU in Node', (load) => {
  it.each<[NetName, Cut, string, number]>([
    ['lenet-5', 'unstructured', 'unstructured', 4],
    ['resnet-ds', '2:4', 'auto', 8],
    ['liveness', '4x1', 'blocks-4x1', 6],
  ])(
    '%s, %s: %s agrees with cpu, leaks nothing and is undone',
    async (name, cut, kernel, most) => {
      const { tf, checkNet } = await load();
      await tf.setBackend('cpu');
      expectNet(await checkNet(await prunedNet(name, cut), kernel), kernel, most);
    },
    400_000,
  );
});
