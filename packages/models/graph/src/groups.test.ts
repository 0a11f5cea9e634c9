import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { adaptGraph, type GraphPrunable } from './index.js';
import { b64, GraphBuilder, maskAgainstShrink, randomUnits, strings, window } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

const table = ({ groups }: GraphPrunable) =>
  groups.map(({ id, size, sites, skip }) => [id, size, sites.map((s) => `${s.param}@${s.axis}`).join(' '), skip?.text]);

const adapted = <T>(g: GraphBuilder, outputs: readonly string[], body: (model: GraphPrunable) => T): T => {
  const model = adaptGraph(g.artifacts(outputs));
  try {
    return body(model);
  } finally {
    model.dispose();
  }
};

/** x → conv 'a' with six channels. */
function start(seed = 1, shape: readonly number[] = [-1, 4, 4, 3]) {
  const g = new GraphBuilder(seed);
  const x = g.input(shape);
  const a = g.node('Conv2D', [x, g.floats([1, 1, shape[3], 6], 'ka')], window(), 'a');
  return { g, x, a };
}

/** A dense head, so that what comes in is read by a kernel. */
function head(g: GraphBuilder, y: string, size: number, name = 'out'): string {
  const mean = g.node('Mean', [y, g.ints([1, 2])], {});
  return g.node('MatMul', [mean, g.floats([size, 2], `k-${name}`)], {}, name);
}

test('parameters: roles, axes, uses, reasons', () => {
  const g = new GraphBuilder(1);
  const x = g.input([-1, 5, 5, 3]);
  const scaled = g.node('Mul', [x, g.floats([3], 'scale')]);
  const fused = { fused_ops: strings(['BiasAdd', 'Prelu']), num_args: { i: '2' } };
  const a = g.node(
    '_FusedConv2D',
    [scaled, g.floats([3, 3, 3, 4], 'ka'), g.floats([4], 'ba'), g.floats([1, 1, 4], 'pa')],
    { ...window(2, 'VALID'), ...fused },
    'a',
  );
  const d = g.node('DepthwiseConv2dNative', [a, g.floats([2, 2, 4, 2], 'kd')], window(), 'd');
  const parts = ['gamma', 'beta', 'mean'].map((name) => g.floats([8], name));
  const n = g.node('FusedBatchNormV3', [d, ...parts, g.floats([8], 'variance', 0.5)], { epsilon: { f: 0.001 } });
  const out = head(g, n, 8);
  adapted(g, [out], ({ params }) =>
    expect(
      params.map(({ id, role, inAxis, uses, trainable, skip }) => [id, role, inAxis, uses, trainable, skip?.text]),
    ).toEqual([
      ['scale', 'bias', -1, 0, false, "a constant of 'n2' (Mul)"],
      ['ka', 'kernel', 2, 4, true, undefined],
      ['ba', 'bias', -1, 0, true, 'a bias'],
      ['pa', 'norm', -1, 0, true, 'a scale'],
      ['kd', 'kernel', -1, 4, true, undefined],
      ['gamma', 'norm', -1, 0, true, 'a scale'],
      ['beta', 'norm', -1, 0, true, 'a scale'],
      ['mean', 'norm', -1, 0, false, 'a statistic'],
      ['variance', 'norm', -1, 0, false, 'a statistic'],
      ['k-out', 'kernel', 0, 1, true, undefined],
    ]),
  );
});

test('constants along channels are sites; a divisor is cut, never zeroed', async () => {
  const { g, a } = start();
  const y = g.node('AddV2', [a, g.floats([6], 'shift')]);
  const z = g.node('RealDiv', [y, g.floats([1, 1, 6], 'divisor', 1, 2)]);
  const clipped = g.node('Relu6', [g.node('AddV2', [z, g.scalar(3)])]);
  const model = adaptGraph(g.artifacts([head(g, g.node('Mul', [z, clipped]), 6)]));
  expect(table(model)[0]).toEqual(['a', 6, 'ka@3 shift@0 k-out@0', undefined]);
  const plan = randomUnits(model.groups, 0.5, 1);
  const { difference, removed } = await maskAgainstShrink(model, plan);
  expect(difference).toBeLessThanOrEqual(1e-6);
  const smaller = await model.shrink(plan);
  expect(smaller.params.find(({ id }) => id === 'divisor')!.shape[2]).toBe(smaller.groups[0].size);
  expect(removed).toBeGreaterThan(0);
  smaller.dispose();
  model.dispose();
});

test('merges join groups, concatenation sets them side by side, padding adds channels', () => {
  const { g, x, a } = start();
  const b = g.node('Conv2D', [x, g.floats([1, 1, 3, 6], 'kb')], window(), 'b');
  const sum = g.node('AddN', [a, b]);
  const c = g.node('Conv2D', [x, g.floats([1, 1, 3, 4], 'kc')], window(), 'c');
  const both = g.node('ConcatV2', [sum, x, c, g.ints([-1], [])], { N: { i: '3' } });
  const wide = g.node('Pad', [both, g.ints([0, 0, 0, 0, 0, 0, 0, 1], [4, 2])], {}, 'wide');
  adapted(g, [head(g, wide, 14)], (model) => {
    expect(table(model)).toEqual([
      ['a', 6, 'ka@3 kb@3 k-out@0', undefined],
      ['c', 4, 'kc@3 k-out@0', undefined],
      ['wide', 1, 'k-out@0', 'it is the only channel'],
      ['out', 2, 'k-out@1', 'model output'],
    ]);
    const [first, second] = model.groups;
    expect([...first.sites[2].unitOf]).toEqual([0, 1, 2, 3, 4, 5, -1, -1, -1, -1, -1, -1, -1, -1]);
    expect([...second.sites[1].unitOf]).toEqual([-1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 2, 3, -1]);
  });
});

test('gates, transposes there and back, and depthwise multipliers are followed', () => {
  const { g, a } = start();
  const mean = g.node('Mean', [a, g.ints([1, 2])], { keep_dims: { b: true } });
  const gate = g.node('Conv2D', [mean, g.floats([1, 1, 6, 6], 'kg')], window(), 'gate');
  const gated = g.node('Mul', [a, g.node('Sigmoid', [gate])]);
  const first = g.node('Transpose', [gated, g.ints([0, 3, 1, 2])]);
  const back = g.node('Transpose', [g.node('Relu', [first]), g.ints([0, 2, 3, 1])]);
  const deep = g.node('DepthwiseConv2dNative', [back, g.floats([1, 1, 6, 2], 'kd')], window());
  adapted(g, [head(g, deep, 12)], (model) => {
    expect(table(model)[0]).toEqual(['a', 6, 'ka@3 kg@2 kg@3 kd@2 k-out@0', undefined]);
    expect([...model.groups[0].sites[4].unitOf]).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
  });
});

test('one weight read by several nodes: its axes agree, or its channels stay', () => {
  const twice = start();
  const kernel = twice.g.floats([1, 1, 6, 6], 'shared');
  const one = twice.g.node('Conv2D', [twice.a, kernel], window(), 'one');
  const two = twice.g.node('Conv2D', [one, kernel], window(), 'two');
  adapted(twice.g, [head(twice.g, two, 6)], (model) => {
    expect(table(model)[0]).toEqual(['a', 6, 'ka@3 shared@2 shared@3 k-out@0', undefined]);
    expect(model.params.find(({ id }) => id === 'shared')!.uses).toBe(32);
  });
  const elsewhere = start();
  const bias = elsewhere.g.floats([6], 'bias');
  const y = elsewhere.g.node('BiasAdd', [elsewhere.a, bias], { data_format: b64('NHWC') });
  const other = elsewhere.g.node('Cumsum', [bias, elsewhere.g.ints([0], [])], {}, 'other');
  adapted(elsewhere.g, [head(elsewhere.g, y, 6), other], (model) => {
    expect(table(model)[0][3]).toBe("'bias' is also read by 'other' (Cumsum)");
  });
});

test.each([
  ['an unknown operation', 'Cumsum', 3, "feeds 'mixer' (Cumsum), through which channels are not followed"],
  ['a softmax', 'Softmax', undefined, "feeds 'mixer' (Softmax), which mixes channels"],
  ['a mean over channels', 'Mean', 3, "feeds 'mixer' (Mean), which mixes channels"],
  [
    'a logarithm',
    'Log',
    undefined,
    "feeds 'mixer' (Log), which has no finite value or slope at the 0 of a masked channel",
  ],
  ['local response normalisation', 'LRN', undefined, "feeds 'mixer' (LRN), through which channels are not followed"],
  ['control flow', 'Switch', 'bool', "feeds 'mixer' (Switch), through which channels are not followed"],
])('channels that reach %s stay', (_, op, axis, reason) => {
  const { g, a } = start();
  const second = axis === undefined ? [] : [g.ints([typeof axis === 'number' ? axis : 1], [])];
  const mixer = g.node(op, [a, ...second], op === 'Mean' ? { keep_dims: { b: true } } : {}, 'mixer');
  adapted(g, [head(g, mixer, op === 'Mean' ? 1 : 6)], (model) => expect(table(model)[0][3]).toBe(reason));
});

test('channels that are shuffled, divided by, counted, or met by the input stay', () => {
  const reasonOf = (build: (g: GraphBuilder, a: string, x: string) => string) => {
    const { g, a, x } = start(1, [-1, 4, 4, 6]);
    return adapted(g, [build(g, a, x)], (model) => table(model)[0][3]);
  };
  const shuffled = reasonOf((g, a) => {
    const apart = g.node('Reshape', [a, g.ints([-1, 4, 4, 2, 3])], {}, 'apart');
    const turned = g.node('Transpose', [apart, g.ints([0, 1, 2, 4, 3])]);
    return head(g, g.node('Reshape', [turned, g.ints([-1, 4, 4, 6])]), 6);
  });
  expect(shuffled).toBe("feeds 'apart' (Reshape), which lays channels out so that they cannot be followed");
  const divides = reasonOf((g, a, x) => head(g, g.node('RealDiv', [x, a], {}, 'quotient'), 6));
  expect(divides).toBe("meets channels that stay in 'quotient' (RealDiv)");
  const counted = reasonOf((g, a) => {
    const size = g.node('Cast', [g.node('Size', [a], {}, 'size')]);
    return head(g, g.node('Mul', [a, size], {}), 6);
  });
  expect(counted).toBe("is counted in 'size' (Size)");
  const meets = reasonOf((g, a, x) => head(g, g.node('AddV2', [a, x], {}, 'skip'), 6));
  expect(meets).toBe("meets channels that stay in 'skip' (AddV2)");
});

test('the graph is told in rows; what sizes are open, is', () => {
  const { g, a } = start(1, [-1, -1, -1, 3]);
  const artifacts = g.artifacts([head(g, a, 6)]);
  const open = adaptGraph(artifacts);
  expect(open.describe()).toEqual([
    {
      name: 'a',
      className: 'Conv2D',
      outputShape: [null, null, null, 6],
      params: 18,
      macs: null,
      prunable: ['ka'],
      channels: { size: 6, prunable: true },
    },
    {
      name: 'out',
      className: 'MatMul',
      outputShape: [null, 2],
      params: 12,
      macs: 12,
      prunable: ['k-out'],
      channels: { size: 2, prunable: false, reason: { code: 'model-output', text: 'model output' } },
    },
  ]);
  const known = adaptGraph(artifacts, { inputShape: [1, 8, 8, 3] });
  expect(known.describe()[0]).toMatchObject({ outputShape: [null, 8, 8, 6], macs: 18 * 64 });
  expect(() => adaptGraph(artifacts, { inputShape: [1, 8, 8, 4] })).toThrow(
    expect.objectContaining({ code: 'input-shape', where: 'x' }),
  );
  open.dispose();
  known.dispose();
});
