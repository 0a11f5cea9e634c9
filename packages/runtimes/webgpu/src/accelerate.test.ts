import type * as tf from '@tensorflow/tfjs-core';
import { values, weights } from './testing/weights.js';
import { type Modules, withWebGpu } from './testing/suite.js';

const KERNELS = ['Conv2D', 'FusedConv2D', 'BatchMatMul', '_FusedMatMul'];
const SLOW = 400_000;
const [ROWS, INPUTS, OUTPUTS] = [2, 48, 40];

withWebGpu('accelerate(), on software WebGPU in Node', (load) => {
  let m: Modules;
  let b: tf.Tensor2D;

  const make = (seed = 1) =>
    m.tf.tensor2d(weights(INPUTS, OUTPUTS, { sparsity: 0.9, block: 1, seed }), [INPUTS, OUTPUTS]);
  const product = (right = b) =>
    m.download(() => m.tf.matMul(m.tf.tensor2d(values(ROWS * INPUTS, 7), [ROWS, INPUTS]), right));
  const registered = () => KERNELS.map((name) => m.tf.getKernel(name, 'webgpu'));
  const used = () => (m.tf.memory() as unknown as { numBytesInGPU: number }).numBytesInGPU;

  beforeAll(async () => {
    m = await load();
  });
  beforeEach(async () => {
    await m.tf.setBackend('webgpu');
    b = make();
  });
  afterEach(() => b.dispose());

  it(
    'measures beside the model, changes nothing of what it answers, is undone and leaves no memory taken',
    async () => {
      const stock = registered();
      const wanted = await product();
      const [bytes, tensors] = [used(), m.tf.memory().numTensors];
      const fast = await m.accelerate({ weights: { b } });
      expect(fast.layers).toMatchObject([
        { id: 'b', kernel: 'stock', reason: 'no convolution or matrix product has used it yet' },
      ]);
      expect(m.distance(await product(), wanted)).toBe(0);
      await fast.ready();
      expect(fast.layers[0].reason).toMatch(
        /^[a-z\d:-]+ ran [\d.]+× as fast as the stock kernel on 2 pixels(, by the wall clock)?$/,
      );
      expect(m.distance(await product(), wanted)).toBeLessThanOrEqual(1e-4);
      expect(m.tf.memory().numTensors).toBe(tensors);
      fast.dispose();
      fast.dispose();
      expect(registered().every((kernel, i) => kernel === stock[i])).toBe(true);
      expect(Object.hasOwn(m.tf.backend(), 'disposeData')).toBe(false);
      expect(fast.layers[0]).toMatchObject({ kernel: 'stock', reason: 'the acceleration is disposed' });
      expect(m.distance(await product(), wanted)).toBe(0);
      expect(used()).toBe(bytes);
    },
    SLOW,
  );

  it(
    'follows weights that are disposed, moved or disposed while they are measured, and serves two callers',
    async () => {
      const other = make(2);
      const [one, two] = await Promise.all([
        m.accelerate({ weights: { b, other } }, { kernel: 'unstructured' }),
        m.accelerate({ weights: { b } }),
      ]);
      await product();
      expect(one.layers[0]).toMatchObject({ kernel: 'unstructured', reason: 'was asked for' });
      two.dispose();
      expect(one.layers[0].kernel).toBe('unstructured');
      const wanted = await product();
      await m.tf.setBackend('cpu');
      expect(m.distance(await product(), wanted)).toBeLessThanOrEqual(1e-4);
      await expect(m.accelerate({ weights: { b } })).rejects.toMatchObject({ code: 'backend', found: 'cpu' });
      await m.tf.setBackend('webgpu');
      expect(m.distance(await product(), wanted)).toBeLessThanOrEqual(1e-4);
      expect(one.layers[0].reason).toBe('was moved to another backend; call accelerate() again');
      other.dispose();
      expect(one.layers[1].reason).toBe('is disposed');
      one.dispose();
      await expect(m.accelerate({ weights: { other } })).rejects.toMatchObject({ code: 'disposed' });

      const brief = make(3);
      const three = await m.accelerate({ weights: { brief } });
      await product(brief);
      brief.dispose();
      await three.ready();
      expect(three.layers[0].reason).toBe('is disposed');
      three.dispose();
    },
    SLOW,
  );

  it('leaves alone what is not finite, has too few zeros, or no pattern', async () => {
    const a = m.tf.tensor2d([1, NaN, 0, 0], [2, 2]);
    const dense = m.tf.ones<tf.Rank.R2>([INPUTS, OUTPUTS]);
    const fast = await m.accelerate({ weights: { a, b, dense } }, { minSparsity: 0 });
    await product(dense);
    expect(fast.layers.map(({ reason }) => reason)).toEqual([
      'has weights that are not finite',
      'no convolution or matrix product has used it yet',
      'has too few zeros, or no pattern of zeros, for the kernels here',
    ]);
    fast.dispose();
    const few = await m.accelerate({ weights: { dense } }, { minSparsity: 0.5 });
    expect(few.layers[0].reason).toBe('has fewer zeros than minSparsity 0.5');
    few.dispose();
    m.tf.dispose([a, dense]);
  });

  it('refuses options that cannot be right, and what is no model', async () => {
    await expect(m.accelerate({ weights: {} }, { minSparsity: 2 })).rejects.toMatchObject({ code: 'min-sparsity' });
    await expect(m.accelerate({ weights: {} }, { unstructuredFrom: NaN })).rejects.toMatchObject({
      code: 'unstructured-from',
    });
    await expect(m.accelerate({ weights: {} }, { kernel: 'cuda' })).rejects.toMatchObject({ code: 'kernel' });
    await expect(m.accelerate({} as never)).rejects.toMatchObject({ code: 'no-weights' });
  });

  it('refuses a TensorFlow.js whose inside has moved, before anything is wrapped', async () => {
    const stock = registered();
    const backend = m.tf.backend() as unknown as Record<string, unknown>;
    for (const name of ['runWebGPUProgram', 'tensorMap', 'submitQueue']) {
      const [own, value] = [Object.hasOwn(backend, name), backend[name]];
      backend[name] = undefined;
      await expect(m.accelerate({ weights: {} })).rejects.toMatchObject({ code: 'tfjs-internals', wanted: '4.22' });
      if (own) backend[name] = value;
      else delete backend[name];
    }
    const { runWebGPUProgram } = backend as { runWebGPUProgram: (...args: unknown[]) => unknown };
    backend.runWebGPUProgram = function (program: { getUserCode: () => string }, ...rest: unknown[]) {
      return runWebGPUProgram.call(
        this,
        {
          ...program,
          shaderKey: 'moved',
          getUserCode: () =>
            'fn main(index : i32) { _ = uniforms.NAN; _ = &Inputs; _ = &Weights; _ = &Indices; _ = &Starts; }',
        },
        ...rest,
      );
    };
    await expect(m.accelerate({ weights: {} })).rejects.toMatchObject({ code: 'tfjs-internals' });
    delete backend.runWebGPUProgram;
    expect(registered().every((kernel, i) => kernel === stock[i])).toBe(true);
  });

  // The last one: there is no other device in this file.
  it('says that the device is lost', async () => {
    const fast = await m.accelerate({ weights: { b } }, { kernel: 'unstructured' });
    const { device } = m.tf.backend() as unknown as { device: GPUDevice };
    device.destroy();
    await device.lost;
    expect(() => m.tf.tidy(() => void m.tf.matMul(m.tf.ones([1, INPUTS]), b))).toThrow(
      expect.objectContaining({ code: 'device-lost' }),
    );
    expect(fast.layers[0]).toMatchObject({ kernel: 'stock', reason: expect.stringMatching(/the device is lost/) });
    fast.dispose();
    await expect(m.accelerate({ weights: {} })).rejects.toMatchObject({ code: 'device-lost' });
  });
});
