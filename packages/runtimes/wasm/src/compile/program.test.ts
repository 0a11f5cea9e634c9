import v8 from 'node:v8';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { seededRandom } from '@espalier/core';
import { type Build, supportedBuilds } from '../kernels/instance.js';
import { closeSession, openSession, type Session } from '../accelerate/session.js';
import { build, type Program } from './program.js';
import { trace, Untraceable } from './trace.js';

// Node 20 has relaxed SIMD behind a flag, newer ones have it anyway.
if (process.versions.node.startsWith('20.')) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');

tf.env().set('PROD', true);

type Net = (x: tf.Tensor) => tf.Tensor | tf.Tensor[];

const TOLERANCE = 1e-4;
const random = (seed: number) => seededRandom(seed);

/** Values between −1 and 1, of which the share `sparsity` is 0. */
function filled(shape: number[], seed: number, sparsity = 0): tf.Tensor {
  const next = random(seed);
  const draw = () => {
    const value = next() * 2 - 1;
    return next() < sparsity ? 0 : value;
  };
  return tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, draw), shape);
}

/** A net after trace and build, and whatever has to be freed. */
function written(session: Session, net: Net, x: tf.Tensor): Program {
  const { backend } = session.heap;
  const { trace: made, result } = trace(
    backend,
    [x],
    () => undefined,
    () => tf.tidy(() => net(x)),
    (y) => [y].flat(),
  );
  tf.dispose([result].flat().filter((y) => y !== x));
  return build(session.heap, made);
}

const read = (tensor: tf.Tensor) => tensor.dataSync() as Float32Array;

/** max|a − b| over max|b|, where b is what the cpu backend says. */
async function distance(session: Session, net: Net, x: Float32Array, shape: number[]): Promise<number> {
  const on = (backend: string, run: (x: tf.Tensor) => tf.Tensor[]) =>
    tf.setBackend(backend).then(() =>
      tf.tidy(() => {
        const outputs = run(tf.tensor(x, shape));
        return outputs.map((y) => ({ shape: y.shape, values: read(y) }));
      }),
    );
  const got = await on('wasm', (input) => {
    if (process.env.STOCK) {
      const y = [net(input)].flat();
      return y;
    }
    const program = written(session, net, input);
    const outputs = [program.run([input]), program.run([input])];
    const tensors = outputs.map((list) => list.map((info) => tf.engine().makeTensorFromTensorInfo(info)));
    // The second run, on kernels that are chosen.
    tensors[0].forEach((tensor, i) => expect(read(tensors[1][i]).length).toBe(read(tensor).length));
    program.dispose();
    return tensors[1];
  });
  const wanted = await on('cpu', (input) => [net(input)].flat());
  const apart = got.map(({ shape: outShape, values }, i) => {
    if (outShape.join() !== wanted[i].shape.join()) return Infinity;
    let [difference, largest] = [0, 0];
    wanted[i].values.forEach((b, j) => {
      difference = Math.max(difference, Math.abs(values[j] - b));
      largest = Math.max(largest, Math.abs(b));
    });
    return difference === 0 ? 0 : difference / largest;
  });
  return Math.max(...apart);
}

/** A step of a random net: x [batch, h, w, c] → the same with other sizes. */
type Layer = (x: tf.Tensor4D, seed: number) => tf.Tensor4D;

interface Choices {
  readonly kernel: [number, number];
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly pad: 'same' | 'valid' | 1;
  readonly outputs: number;
  readonly sparsity: number;
  readonly activation: tf.fused.Activation;
  readonly bias: boolean;
}

/** No more than fits, and strides or dilations, not both. */
function fitting({ kernel, strides, dilations, pad }: Choices, [, h, w]: number[]) {
  // The stock kernels get a number as padding wrong, and write where they should not, unless kernel and strides are square.
  const square = pad === 1 && h > 2 && w > 2;
  const size: [number, number] = square ? [3, 3] : [Math.min(kernel[0], h), Math.min(kernel[1], w)];
  const steps: [number, number] = square ? [strides[0], strides[0]] : strides;
  const dense = square || steps.some((s) => s > 1) || size.some((n, i) => (n - 1) * dilations[i] >= [h, w][i]);
  return {
    size,
    strides: steps,
    dilations: dense ? ([1, 1] as [number, number]) : dilations,
    pad: square ? pad : pad === 1 ? ('same' as const) : pad,
  };
}

const channelsOf = (x: tf.Tensor) => x.shape[x.rank - 1];

const LAYERS: Readonly<Record<string, (choices: Choices) => Layer>> = {
  conv: (c) => (x, seed) => {
    const { size, strides, dilations, pad } = fitting(c, x.shape);
    const filter = filled([...size, channelsOf(x), c.outputs], seed, c.sparsity) as tf.Tensor4D;
    const bias = c.bias ? filled([c.outputs], seed + 1) : undefined;
    const { activation } = c;
    const preluActivationWeights = activation === 'prelu' ? filled([1, 1, c.outputs], seed + 2) : undefined;
    const leakyreluAlpha = 0.1;
    const after = { activation, preluActivationWeights, leakyreluAlpha };
    return tf.fused.conv2d({ x, filter, strides, dilations, pad, bias, ...after });
  },
  depthwise: (c) => (x, seed) => {
    const { size, strides, dilations, pad } = fitting(c, x.shape);
    const multiplier = channelsOf(x) < 8 && c.outputs % 3 === 0 ? 2 : 1;
    const filter = filled([...size, channelsOf(x), multiplier], seed, c.sparsity / 2) as tf.Tensor4D;
    const bias = c.bias ? filled([channelsOf(x) * multiplier], seed + 1) : undefined;
    const activation = c.activation === 'prelu' ? 'relu' : c.activation;
    // The stock kernels take square strides alone.
    const after = { activation, leakyreluAlpha: 0.1 };
    return tf.fused.depthwiseConv2d({ x, filter, strides: strides[0], dilations, pad, bias, ...after });
  },
  three: (c) => (x, seed) => {
    const filter = filled([3, 3, channelsOf(x), 1], seed) as tf.Tensor4D;
    const square: [number, number] = [c.strides[0], c.strides[0]];
    return x.shape[1] < 3 || x.shape[2] < 3 ? x : tf.depthwiseConv2d(x, filter, square, c.pad === 1 ? 'valid' : c.pad);
  },
  separable: (c) => (x, seed) => {
    const filter = filled([1, 1, channelsOf(x), c.outputs], seed, c.sparsity) as tf.Tensor4D;
    return tf.relu(tf.conv2d(x, filter, 1, 'valid'));
  },
  batchNorm: (c) => (x, seed) => {
    const one = () => filled([channelsOf(x)], seed++) as tf.Tensor1D;
    const y = tf.batchNorm4d(x, one(), tf.abs(one()), c.bias ? one() : undefined, one());
    return c.activation === 'relu6' ? tf.relu6(y) : y;
  },
  residual: (c) => (x, seed) => {
    const filter = filled([1, 1, channelsOf(x), channelsOf(x)], seed, c.sparsity) as tf.Tensor4D;
    const y = tf.add(x, tf.conv2d(tf.relu(x), filter, 1, 'same')) as tf.Tensor4D;
    return c.bias ? tf.relu(y) : y;
  },
  pad: (c) => (x, seed) =>
    LAYERS.conv({ ...c, pad: 'valid' })(
      tf.pad(x, [
        [0, 0],
        [1, 0],
        [0, 2],
        [0, 0],
      ]),
      seed,
    ),
  padAlone: () => (x) =>
    tf.relu(
      tf.pad(x, [
        [0, 0],
        [0, 1],
        [2, 1],
        [0, 0],
      ]),
    ),
  maxPool: (c) => (x) => {
    const { size, strides, pad } = fitting(c, x.shape);
    return tf.maxPool(x, size, strides, pad === 1 ? 'valid' : pad);
  },
  avgPool: (c) => (x) => {
    const { size, strides, pad } = fitting(c, x.shape);
    return tf.avgPool(x, size, strides, pad === 1 ? 'valid' : pad);
  },
  padChannels: () => (x) =>
    tf.add(
      tf.pad(x, [
        [0, 0],
        [0, 1],
        [0, 0],
        [1, 2],
      ]),
      0.5,
    ),
  stacked: () => (x) => tf.reshape(tf.stack([x, tf.sin(x)], 3), [x.shape[0], x.shape[1], x.shape[2], -1]),
  summed: () => (x) => tf.addN([x, tf.square(x)]),
  concatenate: (c) => (x, seed) => tf.concat([x, LAYERS.separable(c)(x, seed), tf.tanh(x)], 3),
  excite: () => (x, seed) => {
    const squeezed = tf.reshape(tf.mean(x, [1, 2]), [x.shape[0], channelsOf(x)]);
    const gate = tf.sigmoid(tf.matMul(squeezed, filled([channelsOf(x), channelsOf(x)], seed) as tf.Tensor2D));
    return tf.mul(x, tf.reshape(gate, [x.shape[0], 1, 1, channelsOf(x)]));
  },
  swish: () => (x) => tf.mul(x, tf.sigmoid(x)),
  hardSwish: () => (x) => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6)),
  leaky: () => (x) => tf.leakyRelu(x, 0.1),
  elu: () => (x) => tf.elu(tf.sub(1, x)) as tf.Tensor4D,
  minimum: () => (x) => tf.maximum(tf.minimum(x, 0.75), tf.mul(x, x)) as tf.Tensor4D,
  divided: () => (x) => tf.div(x, tf.add(tf.square(x), 1)) as tf.Tensor4D,
  transposed: () => (x) => tf.transpose(x, [0, 2, 1, 3]),
  resized: () => (x) => tf.image.resizeNearestNeighbor(x, [x.shape[1] * 2, x.shape[2] + 1]),
  folded: () => (x) => tf.reshape(x, [x.shape[0], 1, x.shape[1] * x.shape[2], channelsOf(x)]),
};

const choices: fc.Arbitrary<Choices> = fc.record({
  kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
  strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  dilations: fc.constantFrom<[number, number][]>([1, 1], [2, 1], [2, 3]),
  pad: fc.constantFrom<Choices['pad'][]>('same', 'valid', 1),
  outputs: fc.integer({ min: 1, max: 21 }),
  sparsity: fc.constantFrom(0, 0.5, 0.9, 1),
  activation: fc.constantFrom<tf.fused.Activation[]>('linear', 'relu', 'relu6', 'prelu', 'leakyrelu', 'elu', 'sigmoid'),
  bias: fc.boolean(),
});

const nets = fc.record({
  shape: fc.tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 15 }),
    fc.integer({ min: 1, max: 15 }),
    fc.integer({ min: 1, max: 9 }),
  ),
  layers: fc.array(fc.tuple(fc.constantFrom(...Object.keys(LAYERS)), choices), { minLength: 1, maxLength: 5 }),
  top: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

describe.each<Build>(['simd', 'relaxed-simd'])('a compiled net on the %s build', (which) => {
  let session: Session;
  beforeAll(async () => {
    expect(supportedBuilds()).toContain(which);
    await tf.setBackend('wasm');
    session = await openSession(tf.backend() as BackendWasm, which);
    expect(session.heap.build).toBe(which);
  });
  afterAll(async () => {
    await tf.setBackend('wasm');
    closeSession(session);
  });

  it('answers what the cpu backend does', async () => {
    await fc.assert(
      fc.asyncProperty(nets, async ({ shape, layers, top, seed }) => {
        const net: Net = (x) => {
          let y = x as tf.Tensor4D;
          layers.forEach(([name, c], i) => {
            // Images that have grown too small, or too large, end here.
            if (y.size === 0 || y.size > 20_000) return;
            y = LAYERS[name](c)(y, seed + 100 * i);
          });
          if (!top || y.size === 0) return y;
          const features = tf.reshape(y, [y.shape[0], -1]);
          const dense = filled([features.shape[1]!, 7], seed + 999, 0.5) as tf.Tensor2D;
          return [tf.softmax(tf.matMul(features as tf.Tensor2D, dense)), y];
        };
        const input = read(filled(shape, seed));
        expect(await distance(session, net, input, shape)).toBeLessThanOrEqual(TOLERANCE);
      }),
      { numRuns: 120, seed: 7, endOnFailure: !process.env.STOCK },
    );
  });

  it.each([
    ['many pixels', [1, 61, 67, 3], 40],
    ['many inputs', [2, 5, 7, 600], 9],
    ['one pixel of many images', [50, 1, 1, 30], 17],
  ])('of %s', async (_, shape, outputs) => {
    for (const sparsity of [0, 0.8, 1]) {
      const net: Net = (x) => {
        const filter = filled([1, 1, shape[3], outputs], 5, sparsity) as tf.Tensor4D;
        const y = tf.fused.conv2d({ x: x as tf.Tensor4D, filter, strides: 1, pad: 'same', activation: 'relu' });
        const patch = filled([3, 3, outputs, 5], 6, sparsity) as tf.Tensor4D;
        return [y, tf.conv2d(y, patch, 2, 'same')];
      };
      expect(await distance(session, net, read(filled(shape, 1)), shape)).toBeLessThanOrEqual(TOLERANCE);
    }
  });
});

describe('what a net is made of', () => {
  let session: Session;
  beforeAll(async () => {
    await tf.setBackend('wasm');
    session = await openSession(tf.backend() as BackendWasm, supportedBuilds()[0]);
  });
  afterAll(() => closeSession(session));

  function operations(net: Net, shape = [1, 8, 8, 4]): string[] {
    const x = filled(shape, 1);
    const program = written(session, net, x);
    x.dispose();
    program.dispose();
    return program.steps.map(({ operation }) => operation).filter((operation) => operation !== 'layout');
  }
  const filter = (...shape: number[]) => filled(shape, 3) as tf.Tensor4D;
  const norm = (x: tf.Tensor) => {
    const one = tf.ones([channelsOf(x)]) as tf.Tensor1D;
    return tf.batchNorm4d(x as tf.Tensor4D, one, one, one, one);
  };

  it('folds batch norms, activations, skips and padding into convolutions', () => {
    const block: Net = (x) => {
      const padded = tf.pad(x as tf.Tensor4D, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]);
      const a = tf.relu6(norm(tf.conv2d(padded, filter(3, 3, 4, 6), 1, 'valid')));
      const b = tf.clipByValue(norm(tf.depthwiseConv2d(a as tf.Tensor4D, filter(3, 3, 6, 1), 1, 'same')), 0, 6);
      return tf.relu(tf.add(x, norm(tf.conv2d(b as tf.Tensor4D, filter(1, 1, 6, 4), 1, 'same'))));
    };
    expect(operations(block)).toEqual(['convolution', 'depthwise convolution', 'convolution']);
  });

  it('keeps what somebody else reads', () => {
    const both: Net = (x) => {
      const y = tf.conv2d(x as tf.Tensor4D, filter(1, 1, 4, 4), 1, 'same');
      return [tf.relu(y), tf.add(y, norm(y))];
    };
    expect(operations(both)).toEqual(['convolution', 'affine', 'affine', 'add']);
    const output: Net = (x) => {
      const y = tf.conv2d(x as tf.Tensor4D, filter(1, 1, 4, 4), 1, 'same');
      return [y, tf.relu(y)];
    };
    expect(operations(output)).toEqual(['convolution', 'affine']);
  });

  it('leaves the rest to TensorFlow.js', () => {
    expect(operations((x) => tf.cumsum(tf.sin(x), 1))).toEqual(['Sin', 'Cumsum']);
  });

  it('folds what is constant', () => {
    const scaled: Net = (x) => tf.add(x, tf.sqrt(tf.mul(tf.ones([4]), 2)));
    expect(operations(scaled)).toEqual(['affine']);
    const constant: Net = (x) => [tf.add(x, 1), tf.range(0, 3)];
    expect(operations(constant)).toEqual(['affine']);
  });

  it('refuses a net that reads its values', () => {
    const x = filled([2, 2], 1);
    const reading = () => (x.dataSync()[0] > 0 ? tf.add(tf.neg(x), 1) : x);
    const later = () => tf.add(x, tf.neg(x).dataSync()[0]);
    for (const net of [reading, later]) expect(() => written(session, net, x)).toThrow(Untraceable);
    expect(Object.hasOwn(tf.backend(), 'readSync')).toBe(false);
    expect(Object.hasOwn(tf.backend(), 'read')).toBe(false);
    x.dispose();
  });
});
