import '@tensorflow/tfjs-backend-wasm';
import { adaptLayers } from '@espalier/adapter-layers';
import { describeStrategy } from '@espalier/conformance';
import {
  bitsFrom,
  bitsToFloats,
  countKept,
  isKept,
  memoryPlan,
  type Param,
  prune,
  type Selection,
} from '@espalier/core';
import { pruningData } from '@espalier/figures';
import { accelerate } from '@espalier/kernels-wasm';
import { magnitude } from '@espalier/scorer-magnitude';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { block, type BlockOptions } from './block.js';

describeStrategy('block 4x1', () => block());
describeStrategy('block 4x1, local', () => block({ scope: 'local' }));
describeStrategy('block 1x4', () => block({ outputs: 1, inputs: 4 }));
describeStrategy('block 2x3, local', () => block({ outputs: 2, inputs: 3, scope: 'local' }));

const param = (shape: number[], inAxis = shape.length - 2, id = 'fc/kernel'): Param => ({
  id,
  shape,
  inAxis,
  role: 'kernel',
  uses: 1,
  trainable: true,
});
const selection = (p: Param, values: ArrayLike<number>, rest: Partial<Selection> = {}): Selection => ({
  params: [p],
  groups: [],
  scores: { params: [p.id], read: async () => Float32Array.from(values) },
  sparsity: 0.5,
  ...rest,
});
const mask = async (options: BlockOptions, s: Selection) =>
  Array.from(bitsToFloats(await (await block(options).select(s)).mask('fc/kernel'))).join('');

describe('by hand', () => {
  test('dense [in 2, out 4] in 2x1: two outputs that share an input', async () => {
    //   input 0: 1 2 | 9 9      input 1: 4 4 | 3 2      sums 3 18 8 5 → keeps 18 and 8
    expect(await mask({ outputs: 2 }, selection(param([2, 4]), [1, 2, 9, 9, 4, 4, 3, 2]))).toBe('00111100');
  });
  test('dense [in 4, out 2] in 1x2: two inputs of one output', async () => {
    //   output 0: 1 1 | 5 0     output 1: 3 3 | 2 2     sums 2 6 5 4 → keeps 6 and 5
    const options = { outputs: 1, inputs: 2 };
    expect(await mask(options, selection(param([4, 2]), [1, 3, 1, 3, 5, 2, 0, 2]))).toBe('01011010');
  });
  test('ties keep the lower block', async () =>
    expect(await mask({ outputs: 2 }, selection(param([2, 4]), Array(8).fill(1)))).toBe('11110000'));
  test('transposed convolution [h, w, out 2, in 2]: outputs lie a row apart', async () => {
    //   input 0: 1, 3   input 1: 2, 4
    expect(await mask({ outputs: 2 }, selection(param([1, 1, 2, 2], 3), [1, 2, 3, 4]))).toBe('0101');
  });
  test('conv [1, 2, 1, 2]: each kernel position has blocks of its own', async () => {
    expect(await mask({ outputs: 2 }, selection(param([1, 2, 1, 2]), [1, 5, 2, 2]))).toBe('1100');
  });
  test('the halves of three blocks round to the even one, and sparsity 1 keeps one', async () => {
    const s = selection(param([3, 2]), [1, 1, 2, 2, 3, 3]);
    expect(await mask({ outputs: 2 }, s)).toBe('000011');
    expect(await mask({ outputs: 2 }, { ...s, sparsity: 1 })).toBe('000011');
    expect(await mask({ outputs: 2 }, { ...s, sparsity: 0 })).toBe('111111');
  });
});

test('global: one threshold on the sums of all kernels; local: a share of each', async () => {
  const [a, b] = [param([2, 2], 0, 'a/kernel'), param([2, 2], 0, 'b/kernel')];
  const values: Record<string, number[]> = { 'a/kernel': [1, 1, 2, 2], 'b/kernel': [8, 8, 9, 9] };
  const both: Selection = {
    params: [a, b],
    groups: [],
    scores: { params: [a.id, b.id], read: async (id) => Float32Array.from(values[id]) },
    sparsity: 0.5,
  };
  const kept = async (scope: 'global' | 'local') => {
    const plan = await block({ outputs: 2, scope }).select(both);
    return Promise.all(plan.params.map(async (id) => countKept(await plan.mask(id))));
  };
  expect(await kept('global')).toEqual([0, 4]);
  expect(await kept('local')).toEqual([2, 2]);
});

describe('axes that the block does not divide', () => {
  test('are an error with the fix', async () => {
    await expect(block().select(selection(param([3, 10]), Array(30).fill(1)))).rejects.toMatchObject({
      name: 'InputError',
      code: 'block-axis',
      message:
        "4x1 blocks need the output axis of 'fc/kernel' to be a multiple of 4, got 10; leave it out with ignore: ['fc'], or keep the rest dense with tail: 'dense'",
    });
    const inputs = selection(param([6, 4]), Array(24).fill(1));
    await expect(block({ outputs: 1, inputs: 4 }).select(inputs)).rejects.toMatchObject({
      message: expect.stringContaining("the input axis of 'fc/kernel'"),
    });
    await expect(block().select(selection(param([3, 2]), Array(6).fill(1)))).rejects.toMatchObject({ found: '2' });
  });
  test('or keep their tail dense, and say so', async () => {
    const s = selection(param([2, 3]), [1, 1, 0, 2, 2, 0]);
    expect(await mask({ outputs: 2, tail: 'dense' }, s)).toBe('001111');
    const { notes } = await block({ outputs: 2, tail: 'dense' }).select(s);
    expect(notes?.map(({ text }) => text)).toEqual([
      'fc/kernel: the last 1 outputs stay dense, 2x1 blocks do not divide them',
    ]);
  });
  test('a kernel smaller than a block stays dense, as do depthwise ones; with nothing else that is an error', async () => {
    const dense = block({ tail: 'dense' });
    await expect(dense.select(selection(param([5, 3]), Array(15).fill(1)))).rejects.toMatchObject({
      code: 'nothing-to-prune',
      message: expect.stringContaining('it is smaller than a 4x1 block'),
    });
    await expect(dense.select(selection(param([3, 3, 8, 1], -1), Array(72).fill(1)))).rejects.toMatchObject({
      message: expect.stringContaining('no input and output axis'),
    });
  });
});

test.each([
  [1, 1],
  [0, 4],
  [4, 0],
  [1.5, 2],
  [NaN, 1],
  [-4, 1],
  [5000, 1],
])('%dx%d is no block', (outputs, inputs) => {
  expect(() => block({ outputs, inputs })).toThrow(expect.objectContaining({ name: 'UsageError', code: 'block-size' }));
});

test('a NaN score names its parameter', () =>
  expect(mask({ outputs: 2 }, selection(param([2, 2]), [1, NaN, 3, 4]))).rejects.toMatchObject({
    code: 'score-not-finite',
    where: 'fc/kernel',
  }));

test('single weights that were pruned before stay pruned, and add nothing to their block', async () => {
  const previous = memoryPlan({ masks: { 'fc/kernel': bitsFrom(8, (i) => i !== 1 && i !== 4 && i !== 5) } });
  //   sums 1 (of 1 and a pruned 9), 4, pruned before, 6: two of four blocks go
  const s = selection(param([2, 4]), [1, 9, 2, 2, 9, 9, 3, 3], { previous });
  expect(await mask({ outputs: 2 }, s)).toBe('00110011');
});

test('law: blocks are whole, their number exact, none kept sums lower than one pruned', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(3),
      fc.boolean(),
      fc.integer({ min: 0, max: 20 }),
      fc.infiniteStream(fc.constantFrom(0, 1, 2, 3)),
      async (outputs, inputs, across, down, rest, turned, twentieths, stream) => {
        fc.pre(outputs * inputs > 1);
        const [out, into] = [outputs * across + (rest % outputs), inputs * down + (rest % inputs)];
        const shape = turned ? [2, out, into] : [2, into, out];
        const p = param(shape, turned ? 2 : 1);
        const values = [...stream.take(2 * out * into)];
        const at = (m: number, i: number, o: number) => (turned ? (m * out + o) * into + i : (m * into + i) * out + o);
        const sparsity = twentieths / 20;
        const s = selection(p, values, { sparsity });
        const bits = await (await block({ outputs, inputs, tail: 'dense' }).select(s)).mask(p.id);
        const inBlocks = new Set<number>();
        const sums = { kept: [] as number[], pruned: [] as number[] };
        for (let m = 0; m < 2; m++)
          for (let i = 0; i + inputs <= into; i += inputs)
            for (let o = 0; o + outputs <= out; o += outputs) {
              const cell = Array.from({ length: outputs * inputs }, (_, k) =>
                at(m, i + Math.floor(k / outputs), o + (k % outputs)),
              );
              cell.forEach((index) => inBlocks.add(index));
              expect(new Set(cell.map((index) => isKept(bits, index))).size).toBe(1);
              sums[isKept(bits, cell[0]) ? 'kept' : 'pruned'].push(cell.reduce((sum, index) => sum + values[index], 0));
            }
        const total = 2 * across * down;
        expect(Math.abs(sums.pruned.length - sparsity * total)).toBeLessThanOrEqual(sparsity === 1 ? 1 : 0.5);
        expect(Math.max(-1, ...sums.pruned)).toBeLessThanOrEqual(Math.min(Infinity, ...sums.kept));
        for (let i = 0; i < values.length; i++) if (!inBlocks.has(i)) expect(isKept(bits, i)).toBe(true);
      },
    ),
    { numRuns: 150, seed: 5 },
  ));

test('in a real network: the wasm kernels for blocks take it, and the mask map shows blocks', async () => {
  await tf.setBackend('wasm');
  const layers = tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        name: 'conv',
        filters: 128,
        kernelSize: 1,
        useBias: false,
        inputShape: [14, 14, 128],
        kernelInitializer: tfl.initializers.glorotNormal({ seed: 3 }),
      }),
    ],
  });
  const model = adaptLayers(layers);
  const [conv] = model.params;
  // Alone in the network, its channels are the model's output; single weights may go all the same.
  const { plan, handle, sparsity } = await prune(model, { scorer: magnitude(), strategy: block(), sparsity: 0.9 });
  expect(sparsity.achieved).toBeCloseTo(0.9, 3);
  const x = tf.randomNormal([1, 14, 14, 128], 0, 1, 'float32', 1);
  const before = model.predict(x);
  // The choice is measured, and another program may disturb one measurement.
  const chosen = new Set<string>();
  for (let attempt = 0; attempt < 5 && !chosen.has('blocks-4x1'); attempt++) {
    const once = await accelerate(layers);
    model.predict(x).dispose();
    chosen.add(once.layers[0].kernel);
    once.dispose();
  }
  expect(chosen).toContain('blocks-4x1');
  const fast = await accelerate(layers);
  const after = model.predict(x);
  const difference = tf.max(tf.abs(tf.sub(before, after)));
  expect((await difference.data())[0]).toBeLessThan(1e-4);
  const bits = await plan.mask(conv.id);
  const { corner } = pruningData({
    name: conv.id,
    shape: conv.shape,
    values: await model.read(conv.id),
    mask: bits,
  });
  for (let i = 0; i < corner.keep.length; i += 4) expect(new Set(corner.keep.slice(i, i + 4)).size).toBe(1);
  expect(new Set(corner.keep).size).toBe(2);
  tf.dispose([x, before, after, difference]);
  fast.dispose();
  handle.makePermanent();
  model.dispose();
});
