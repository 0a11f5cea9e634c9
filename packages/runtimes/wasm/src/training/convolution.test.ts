import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { enableTraining } from './index.js';
import { both, type Data, expectClose, grid, on, run, tensor } from '../testing.js';

interface Conv {
  x: number[];
  filter: number[];
  strides: [number, number];
  pad: 'same' | 'valid' | number | [[number, number], [number, number], [number, number], [number, number]];
  dilations?: [number, number];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

const EXPLICIT: Conv['pad'] = [
  [0, 0],
  [2, 1],
  [0, 3],
  [0, 0],
];

const convolutions: [string, Conv][] = [
  ['3×3, valid', { x: [2, 7, 6, 3], filter: [3, 3, 3, 4], strides: [1, 1], pad: 'valid' }],
  ['3×3, same, odd size', { x: [3, 5, 7, 2], filter: [3, 3, 2, 5], strides: [1, 1], pad: 'same' }],
  ['even filter, same', { x: [2, 6, 5, 2], filter: [2, 4, 2, 3], strides: [1, 1], pad: 'same' }],
  ['stride 2, same', { x: [2, 7, 8, 2], filter: [3, 3, 2, 3], strides: [2, 2], pad: 'same' }],
  ['stride 2, valid, pixels left over', { x: [2, 8, 8, 2], filter: [3, 3, 2, 3], strides: [2, 2], pad: 'valid' }],
  ['unlike strides', { x: [2, 9, 8, 2], filter: [2, 3, 2, 3], strides: [3, 1], pad: 'valid' }],
  ['stride above the filter', { x: [2, 9, 10, 2], filter: [2, 2, 2, 3], strides: [4, 3], pad: 'valid' }],
  ['1×1', { x: [3, 4, 5, 6], filter: [1, 1, 6, 2], strides: [1, 1], pad: 'same' }],
  ['1×1, stride 2', { x: [3, 5, 5, 4], filter: [1, 1, 4, 2], strides: [2, 2], pad: 'same' }],
  ['1×1 with padding', { x: [2, 4, 4, 3], filter: [1, 1, 3, 2], strides: [1, 1], pad: 1, dimRoundingMode: 'floor' }],
  ['padding 2', { x: [2, 6, 6, 2], filter: [3, 3, 2, 3], strides: [1, 1], pad: 2, dimRoundingMode: 'floor' }],
  [
    'padding 1, rounded down',
    { x: [2, 6, 6, 2], filter: [3, 3, 2, 3], strides: [2, 2], pad: 1, dimRoundingMode: 'floor' },
  ],
  [
    'padding 1, rounded up',
    { x: [2, 6, 6, 2], filter: [3, 3, 2, 3], strides: [2, 2], pad: 1, dimRoundingMode: 'ceil' },
  ],
  ['padding 1, rounded', { x: [2, 6, 7, 2], filter: [3, 3, 2, 3], strides: [2, 2], pad: 1, dimRoundingMode: 'round' }],
  [
    'padding wider than the filter',
    { x: [1, 3, 3, 1], filter: [2, 2, 1, 2], strides: [1, 1], pad: 3, dimRoundingMode: 'floor' },
  ],
  ['padding by side', { x: [2, 6, 5, 2], filter: [3, 3, 2, 3], strides: [1, 1], pad: EXPLICIT }],
  [
    'padding by side, stride 2',
    { x: [2, 6, 5, 2], filter: [3, 3, 2, 3], strides: [2, 2], pad: EXPLICIT, dimRoundingMode: 'floor' },
  ],
  ['filter as large as the image', { x: [2, 5, 5, 1], filter: [5, 5, 1, 3], strides: [1, 1], pad: 'valid' }],
  ['one pixel', { x: [4, 1, 1, 3], filter: [1, 1, 3, 2], strides: [1, 1], pad: 'valid' }],
];

const anyConv = (): fc.Arbitrary<Conv> =>
  fc
    .record({
      batch: fc.integer({ min: 1, max: 3 }),
      size: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
      filter: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
      channels: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
      strides: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
      pad: fc.constantFrom('same' as const, 'valid' as const),
    })
    .filter(({ size, filter, pad }) => pad === 'same' || (filter[0] <= size[0] && filter[1] <= size[1]))
    .map(({ batch, size, filter, channels, strides, pad }) => ({
      x: [batch, ...size, channels[0]],
      filter: [...filter, ...channels],
      strides,
      pad,
    }));

/** dy of the shape that the forward convolution gives. */
function gradientOf({ x, filter, strides, pad, dilations = [1, 1], dimRoundingMode }: Conv, depthwise: boolean): Data {
  const info = tf.backend_util.computeConv2DInfo(
    x as never,
    filter as never,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    depthwise,
  );
  return grid([x[0], info.outHeight, info.outWidth, info.outChannels], 3);
}

async function expectConv(conv: Conv): Promise<void> {
  const [x, filter, dy] = [grid(conv.x, 1), grid(conv.filter, 2), gradientOf(conv, false)];
  const { strides, pad, dimRoundingMode } = conv;
  const attrs = { strides, pad, dimRoundingMode, dataFormat: 'NHWC' };
  const dw = await both('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: conv.filter });
  expectClose(...dw);
  const dx = await both('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: conv.x });
  expectClose(...dx);
}

/**
 * The gradients of Σ dy·conv(x, W) one basis vector at a time: the operation is linear in x and in W, so its value at a
 * basis vector is the derivative. Independent of any gradient code, and right where the cpu kernels ignore dilation.
 */
async function expectDepthwise(conv: Conv): Promise<void> {
  const { strides, pad, dilations = [1, 1], dimRoundingMode } = conv;
  const [x, filter, dy] = [grid(conv.x, 1), grid(conv.filter, 2), gradientOf(conv, true)];
  const inner = (a: tf.Tensor, w: tf.Tensor) =>
    tf.sum(
      tf.mul(
        tensor(dy),
        tf.depthwiseConv2d(a as tf.Tensor4D, w as tf.Tensor4D, strides, pad, 'NHWC', dilations, dimRoundingMode),
      ),
    );
  const basis = (shape: number[], i: number) =>
    tensor({ shape, values: Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, j) => (i === j ? 1 : 0)) });
  const [wantedFilter, wantedInput] = await on('cpu', () => [
    tf.stack(Array.from(filter.values, (_, i) => inner(tensor(x), basis(conv.filter, i)))),
    tf.stack(Array.from(x.values, (_, i) => inner(basis(conv.x, i), tensor(filter)))),
  ]);
  const attrs = { strides, pad, dilations, dimRoundingMode };
  const [dw, dx] = await on('wasm', () => [
    run(
      'DepthwiseConv2dNativeBackpropFilter',
      { x: tensor(x), dy: tensor(dy) },
      { ...attrs, filterShape: conv.filter },
    ),
    run(
      'DepthwiseConv2dNativeBackpropInput',
      { dy: tensor(dy), filter: tensor(filter) },
      { ...attrs, inputShape: conv.x },
    ),
  ]);
  expectClose(dw, wantedFilter);
  expectClose(dx, wantedInput);
}

let disable: () => void;
beforeAll(() => {
  disable = enableTraining();
});
afterAll(() => disable());

describe('conv2d gradients agree with the cpu backend', () => {
  test.each(convolutions)('%s', (_, conv) => expectConv(conv));

  test('any size, filter and stride', () =>
    fc.assert(fc.asyncProperty(anyConv(), expectConv), { numRuns: 60, seed: 7 }));

  test('a worked example', async () => {
    // x = [1 2 3; 4 5 6; 7 8 9], dy = [1 0; 0 2]: dW[i, j] = x[i, j] + 2·x[i + 1, j + 1].
    const x = { shape: [1, 3, 3, 1], values: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) };
    const dy = { shape: [1, 2, 2, 1], values: Float32Array.of(1, 0, 0, 2) };
    const filter = { shape: [2, 2, 1, 1], values: Float32Array.of(1, 2, 3, 4) };
    const attrs = { strides: 1, pad: 'valid', dataFormat: 'NHWC' };
    const [dw, dx] = await on('wasm', () => [
      run('Conv2DBackpropFilter', { x: tensor(x), dy: tensor(dy) }, { ...attrs, filterShape: [2, 2, 1, 1] }),
      run('Conv2DBackpropInput', { dy: tensor(dy), filter: tensor(filter) }, { ...attrs, inputShape: [1, 3, 3, 1] }),
    ]);
    expect([...dw]).toEqual([11, 14, 20, 23]);
    expect([...dx]).toEqual([1, 2, 0, 3, 6, 4, 0, 6, 8]);
  });

  test('channels first is refused by name', async () => {
    await tf.setBackend('wasm');
    const x = tf.ones([1, 1, 3, 3]);
    const dy = tf.ones([1, 1, 2, 2]);
    const attrs = { strides: 1, pad: 'valid', dataFormat: 'NCHW', filterShape: [2, 2, 1, 1] };
    expect(() => run('Conv2DBackpropFilter', { x, dy }, attrs)).toThrow(
      /needs dataFormat 'NHWC', got 'NCHW'; build the model/,
    );
    tf.dispose([x, dy]);
  });
});

describe('depthwise gradients are the derivatives of the forward convolution', () => {
  const cases: [string, Conv][] = [
    ['3×3, same', { x: [2, 5, 4, 3], filter: [3, 3, 3, 1], strides: [1, 1], pad: 'same' }],
    ['multiplier 3', { x: [2, 4, 5, 2], filter: [3, 2, 2, 3], strides: [1, 1], pad: 'valid' }],
    ['stride 2', { x: [2, 7, 6, 2], filter: [3, 3, 2, 2], strides: [2, 2], pad: 'same' }],
    ['stride above the filter', { x: [1, 7, 9, 2], filter: [2, 2, 2, 1], strides: [3, 3], pad: 'valid' }],
    ['dilation 2', { x: [1, 7, 6, 2], filter: [3, 3, 2, 1], strides: [1, 1], pad: 'same', dilations: [2, 2] }],
    ['unlike dilations', { x: [1, 7, 6, 2], filter: [2, 3, 2, 2], strides: [1, 1], pad: 'valid', dilations: [3, 2] }],
    ['1×1', { x: [2, 3, 3, 3], filter: [1, 1, 3, 2], strides: [1, 1], pad: 'valid' }],
    ['padding 1', { x: [1, 4, 4, 2], filter: [3, 3, 2, 1], strides: [2, 2], pad: 1, dimRoundingMode: 'floor' }],
    ['padding by side', { x: [1, 4, 4, 2], filter: [3, 3, 2, 1], strides: [1, 1], pad: EXPLICIT }],
  ];
  test.each(cases)('%s', (_, conv) => expectDepthwise(conv));

  test('any size, filter, stride and multiplier', () =>
    fc.assert(fc.asyncProperty(anyConv(), expectDepthwise), { numRuns: 25, seed: 7 }));
});
