import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { recordKernels, replayKernel } from './kernel-calls.js';

describe.each(['cpu', 'wasm'])('%s', (backend) => {
  beforeAll(async () => {
    tf.env().set('PROD', true);
    await tf.setBackend(backend);
  });

  test('convolutions and matrix products, with shapes and uses, reshaped weights too; others are not recorded', () => {
    const conv = tf.ones([3, 3, 2, 4]) as tf.Tensor4D;
    const line = tf.ones([2, 4, 6]) as tf.Tensor3D;
    const depth = tf.ones([3, 3, 2, 1]) as tf.Tensor4D;
    const dense = tf.ones([4, 5]) as tf.Tensor2D;
    const other = tf.ones([5, 5]) as tf.Tensor2D;
    const names: [tf.Tensor, string][] = [
      [conv, 'conv'],
      [line, 'line'],
      [depth, 'depth'],
      [dense, 'dense'],
    ];
    const weights = new Map(names.map(([{ dataId }, id]) => [dataId as object, id]));
    const tensors = tf.memory().numTensors;
    const kernels = ['FusedConv2D', 'Conv2D', 'BatchMatMul', 'DepthwiseConv2dNative'];
    const before = kernels.map((name) => tf.getKernel(name, backend));
    const calls = recordKernels(() => {
      const x = tf.ones([2, 8, 8, 2]) as tf.Tensor4D;
      tf.fused.conv2d({ x, filter: conv, strides: 2, pad: 'same', activation: 'relu', bias: tf.ones([4]) });
      tf.depthwiseConv2d(x, depth, 1, 'valid');
      tf.conv1d(tf.ones([1, 7, 4]) as tf.Tensor3D, line, 1, 'valid');
      tf.matMul(tf.matMul(tf.ones([3, 4]) as tf.Tensor2D, dense), other);
    }, weights);
    expect(calls.map(({ weight, kernel, uses }) => [weight, kernel, uses])).toEqual([
      ['conv', 'FusedConv2D', 2 * 4 * 4],
      ['depth', 'DepthwiseConv2dNative', 2 * 6 * 6],
      ['line', 'Conv2D', 6],
      ['dense', 'BatchMatMul', 3],
    ]);
    expect(calls[0].shapes).toEqual({ x: [2, 8, 8, 2], filter: [3, 3, 2, 4], bias: [4] });
    expect(calls[2].shapes.filter).toEqual([1, 2, 4, 6]);
    expect(kernels.map((name) => tf.getKernel(name, backend))).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);

    const again = replayKernel(calls[0], conv);
    const recorded = recordKernels(again.run, weights);
    expect(recorded).toEqual([calls[0]]);
    again.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
    tf.dispose([conv, line, depth, dense, other]);
  });

  test('what throws leaves the kernels as they were', () => {
    const kernel = tf.getKernel('Conv2D', backend);
    const fail = () => {
      throw new Error('no');
    };
    expect(() => recordKernels(fail, new Map())).toThrow('no');
    expect(tf.getKernel('Conv2D', backend)).toBe(kernel);
  });
});

test('a kernel that somebody else puts there meanwhile stays, and the stock one is found under it afterwards', async () => {
  await tf.setBackend('cpu');
  const stock = tf.getKernel('BatchMatMul', 'cpu');
  const put = (kernel: tf.KernelConfig) => {
    tf.unregisterKernel('BatchMatMul', 'cpu');
    tf.registerKernel(kernel);
  };
  let calls = 0;
  const theirs: tf.KernelConfig[] = [];
  recordKernels(() => {
    const below = tf.getKernel('BatchMatMul', 'cpu');
    theirs.push({ ...below, kernelFunc: (args) => (calls++, below.kernelFunc(args)) });
    put(theirs[0]);
  }, new Map());
  try {
    expect(tf.getKernel('BatchMatMul', 'cpu')).toBe(theirs[0]);
    tf.tidy(() => void tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])));
    expect(calls).toBe(1);
  } finally {
    put(stock);
  }
});

test('a transposed convolution multiplies once for each input pixel', async () => {
  await tf.setBackend('cpu');
  const w = tf.ones([3, 3, 4, 2]) as tf.Tensor4D;
  const [call] = recordKernels(
    () => void tf.conv2dTranspose(tf.ones([1, 5, 5, 2]) as tf.Tensor4D, w, [1, 10, 10, 4], 2, 'same'),
    new Map([[w.dataId as object, 'w']]),
  );
  expect(call).toMatchObject({ kernel: 'Conv2DBackpropInput', weight: 'w', uses: 25 });
  w.dispose();
});
