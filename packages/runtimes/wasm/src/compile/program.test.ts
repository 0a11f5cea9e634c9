import v8 from 'node:v8';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { type Build, supportedBuilds } from '../kernels/instance.js';
import { closeSession, openSession, type Session } from '../accelerate/session.js';
import { build, type Program } from './program.js';
import { trace, Untraceable } from './trace.js';
import { type Net, filled, channelsOf, LAYERS, nets } from '../../testing/nets.js';

// Node 20 has relaxed SIMD behind a flag, newer ones have it anyway.
if (process.versions.node.startsWith('20.')) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');

tf.env().set('PROD', true);

const TOLERANCE = 1e-4;

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
