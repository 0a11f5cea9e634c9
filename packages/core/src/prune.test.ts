import { bitsToFloats, isKept } from './bits.js';
import type { MaskHandle, Plan, PrunableModel, Repair, Scorer, Strategy, Note } from './contracts.js';
import { lazyPlan, memoryPlan, resolveMask } from './plan.js';
import { prune, replay } from './prune.js';
import { iterative, oneShot } from './schedule.js';
import { eligibleParams, sliceOf } from './eligible.js';
import { pruneCount } from './counting.js';
import { selectLowest } from './selection.js';

/** Just enough of a model to prune: weights in memory, no tensors. */
function fakeModel(weights: Record<string, number[]>): PrunableModel & { weights: Record<string, Float32Array> } {
  const store = Object.fromEntries(Object.entries(weights).map(([id, w]) => [id, Float32Array.from(w)]));
  const params = Object.entries(store).map(([id, w]) => ({
    id,
    shape: id.endsWith('bias') ? [w.length] : [w.length / 2, 2],
    inAxis: 0,
    role: id.endsWith('bias') ? ('bias' as const) : ('kernel' as const),
    uses: 3,
    trainable: true,
    ...(id.endsWith('bias') && { skip: { text: 'a bias' } }),
  }));
  const groups = [
    {
      id: 'a',
      size: 2,
      sites: [
        { param: 'a/kernel', axis: 1, unitOf: Int32Array.of(0, 1) },
        { param: 'a/bias', axis: 0, unitOf: Int32Array.of(0, 1) },
      ],
    },
  ];
  const unused = () => {
    throw new Error('not needed here');
  };
  return {
    model: { weights: {}, predict: unused },
    signature: { inputs: [], outputs: [] },
    notes: [],
    foreign: [],
    weights: store,
    params,
    groups,
    output: 'other',
    describe: unused,
    with: unused,
    withLoss: unused,
    toArtifacts: unused,
    read: async (id) => store[id].slice(),
    async mask(plan: Plan): Promise<MaskHandle> {
      const masks = new Map(
        await Promise.all(params.map(async (p) => [p.id, await resolveMask(plan, p, groups)] as const)),
      );
      const before = Object.fromEntries(Object.entries(store).map(([id, w]) => [id, w.slice()]));
      const each = (write: (w: Float32Array, i: number, id: string) => void) =>
        masks.forEach((bits, id) => bits && store[id].forEach((_, i) => !isKept(bits, i) && write(store[id], i, id)));
      return {
        plan,
        apply: () => each((w, i) => (w[i] = 0)),
        restore: () => each((w, i, id) => (w[i] = before[id][i])),
        maskGradients: unused,
        makePermanent: () => undefined,
      };
    },
    variable: unused,
    predict: unused,
    gradients: unused,
    inputs: unused,
    write: (id, values) => store[id].set(values),
    shrink: unused,
    dispose: () => undefined,
  };
}

const weights = { 'a/kernel': [0.1, -0.9, 0.2, 0.8], 'a/bias': [0.3, 0.1], 'b/kernel': [0.05, -0.3, 0.15, 0.25] };
const magnitude: Scorer = {
  name: 'magnitude',
  score: async ({ model }) => ({
    params: model.params.map((p) => p.id),
    read: async (id) => (await model.read(id)).map(Math.abs),
  }),
};
const lowest: Strategy = {
  name: 'lowest',
  async select(selection) {
    const slices = await Promise.all(eligibleParams(selection).map((p) => sliceOf(selection, p)));
    const cut = await selectLowest(
      slices,
      pruneCount(
        slices.reduce((sum, s) => sum + s.size, 0),
        selection.sparsity,
      ),
    );
    const masks = Object.fromEntries(await Promise.all(slices.map(async (s) => [s.id, await cut.mask(s.id)] as const)));
    return memoryPlan({ masks, thresholds: Object.fromEntries(slices.map((s) => [s.id, cut.threshold])) });
  },
};

test('masks the model and reports each layer', async () => {
  const model = fakeModel(weights);
  const result = await prune(model, { scorer: magnitude, strategy: lowest });
  expect(result.sparsity).toEqual({ requested: 0.5, achieved: 0.5 });
  expect(result.params).toEqual({ total: 10, prunable: 8, kept: 6 });
  expect(result.macs).toEqual({ dense: 24, kept: 12 });
  expect(result.layers).toEqual([
    { id: 'a/kernel', shape: [2, 2], size: 4, kept: 2, sparsity: 0.5, threshold: Math.fround(0.2) },
    { id: 'b/kernel', shape: [2, 2], size: 4, kept: 2, sparsity: 0.5, threshold: Math.fround(0.2) },
  ]);
  expect(Array.from(model.weights['a/kernel'])).toEqual([0, -0.9, 0, 0.8].map(Math.fround));
  expect(Array.from(bitsToFloats(await result.plan.mask('b/kernel')))).toEqual([0, 1, 0, 1]);
  result.handle.restore();
  expect(model.weights).toEqual(fakeModel(weights).weights);
});

test('sparsity 0 leaves every byte alone', async () => {
  const model = fakeModel({ ...weights, 'b/kernel': [-0, 0, 1, 2] });
  await prune(model, { scorer: magnitude, strategy: lowest, sparsity: 0 });
  expect(Object.is(model.weights['b/kernel'][0], -0)).toBe(true);
});

test('sparsity 1 keeps one weight and says which layers are empty', async () => {
  const { layers, notes } = await prune(fakeModel(weights), { scorer: magnitude, strategy: lowest, sparsity: 1 });
  expect(layers.map((l) => l.kept)).toEqual([1, 0]);
  expect(notes).toEqual([
    {
      code: 'nothing-left',
      params: { id: 'b/kernel' },
      text: 'b/kernel: no weight is left, so everything behind it sees a constant',
    },
  ]);
});

test('a schedule scores again each time, keeps what went before, and is undone as a whole', async () => {
  const model = fakeModel(weights);
  const seen: number[] = [];
  const result = await prune(model, {
    scorer: magnitude,
    strategy: lowest,
    schedule: iterative({ sparsity: 0.75, steps: 2 }),
    onStep: ({ sparsity }) => {
      seen.push(sparsity);
      model.weights['a/kernel'][0] = 0; // still pruned
      model.weights['b/kernel'][1] = 5; // training moves a kept weight up
    },
  });
  expect(seen).toEqual([0.5, 0.75]);
  expect(Array.from(model.weights['a/kernel'])).toEqual([0, Math.fround(-0.9), 0, 0]);
  expect(Array.from(model.weights['b/kernel'])).toEqual([0, 5, 0, 0]);
  result.handle.restore();
  expect(Array.from(model.weights['a/kernel'])).toEqual(Array.from(fakeModel(weights).weights['a/kernel']));
});

test('the decision stays what it was when training changes the weights that the scores are read from', async () => {
  const lazy: Strategy = {
    name: 'lazy',
    async select(selection) {
      const slices = await Promise.all(eligibleParams(selection).map((p) => sliceOf(selection, p)));
      const cut = await selectLowest(slices, 4);
      return lazyPlan({ params: slices.map((s) => s.id), units: {} }, (id) => cut.mask(id));
    },
  };
  const model = fakeModel(weights);
  const result = await prune(model, {
    scorer: magnitude,
    strategy: lazy,
    onStep: () => void (model.weights['a/kernel'][1] = 0.01),
  });
  expect(Array.from(bitsToFloats(await result.plan.mask('a/kernel')))).toEqual([0, 1, 0, 1]);
  expect(result.sparsity.achieved).toBe(0.5);
});

test('protected layers stay, and are listed with the reason', async () => {
  const result = await prune(fakeModel(weights), { scorer: magnitude, strategy: lowest, ignore: ['a'] });
  expect(result.layers.map((l) => l.id)).toEqual(['b/kernel']);
  expect(result.skipped).toEqual([
    { id: 'a/kernel', reason: { code: 'ignored', params: { glob: "'a'" }, text: "ignored by 'a'" } },
  ]);
});

test('channels: units are counted once, whatever their sites', async () => {
  const channels: Strategy = {
    name: 'channels',
    select: async () => memoryPlan({ units: { a: { length: 2, bytes: Uint8Array.of(2) } } }),
  };
  const result = await prune(fakeModel(weights), { scorer: magnitude, strategy: channels });
  expect(result).toMatchObject({
    channels: { total: 2, kept: 1 },
    sparsity: { achieved: 0.5 },
    params: { total: 10, kept: 7 },
  });
  expect(result.layers.map((l) => [l.id, l.kept, l.threshold])).toEqual([
    ['a/kernel', 2, null],
    ['b/kernel', 4, null],
  ]);
});

test('whatever throws, the model is as it was', async () => {
  const model = fakeModel(weights);
  const onStep = () => {
    throw new Error('stopped');
  };
  await expect(prune(model, { scorer: magnitude, strategy: lowest, onStep })).rejects.toThrow('stopped');
  expect(model.weights).toEqual(fakeModel(weights).weights);
});

test('wrong use', async () => {
  const model = fakeModel(weights);
  const needsData: Scorer = {
    name: 'gradient',
    async score({ batches }) {
      for await (const batch of batches()) void batch;
      return { params: [], read: async () => new Float32Array() };
    },
  };
  const fixed: Strategy = { ...lowest, name: '2:4', sparsity: 0.5 };
  await expect(prune(model, { scorer: needsData, strategy: lowest })).rejects.toMatchObject({
    name: 'UsageError',
    code: 'data-missing',
  });
  await expect(prune(model, { scorer: magnitude, strategy: lowest, sparsity: 1.2 })).rejects.toMatchObject({
    code: 'sparsity-range',
  });
  await expect(prune(model, { scorer: magnitude, strategy: fixed, sparsity: 0.75 })).rejects.toMatchObject({
    code: 'sparsity-fixed',
  });
  await expect(
    prune(model, { scorer: magnitude, strategy: fixed, schedule: iterative({ sparsity: 0.5, steps: 2 }) }),
  ).rejects.toMatchObject({ code: 'schedule-fixed' });
  expect((await prune(model, { scorer: magnitude, strategy: fixed })).sparsity.requested).toBe(0.5);
});

test('a plan is replayed on the same model elsewhere, and refused by another', async () => {
  const { plan } = await prune(fakeModel(weights), { scorer: magnitude, strategy: lowest });
  const copy = fakeModel(weights);
  await replay(copy, plan);
  expect(Array.from(copy.weights['b/kernel'])).toEqual([0, -0.3, 0, 0.25].map(Math.fround));
  await expect(replay(fakeModel({ 'b/kernel': [1, 2] }), plan)).rejects.toMatchObject({ code: 'plan-mismatch' });
});

test('what plug-ins without types say in strings is said', async () => {
  const notes = ['odd'] as unknown as Note[];
  const scorer: Scorer = { name: 'odd', score: async (context) => ({ ...(await magnitude.score(context)), notes }) };
  const strategy: Strategy = { name: 'odd', select: async (given) => ({ ...(await lowest.select(given)), notes }) };
  const result = await prune(fakeModel(weights), { scorer, strategy, sparsity: 0.5 });
  expect(result.notes).toEqual([{ text: 'odd' }]);
});

describe('repair', () => {
  /** Survivors become 1; says how often it ran and what the model was like. */
  const ones = (seen: number[][]): Repair => ({
    name: 'ones',
    schedule: (_, sparsity) => oneShot(sparsity),
    async repair({ model }, plan) {
      const values: Record<string, Float32Array> = {};
      for (const id of plan.params) {
        const bits = await plan.mask(id);
        const w = await model.read(id);
        seen.push(Array.from(w));
        values[id] = w.map((_, i) => (isKept(bits, i) ? 1 : 0));
      }
      return { plan, values, notes: [{ text: 'repaired' }] };
    },
  });

  test('sees the weights of before the cut, and its values are in force afterwards', async () => {
    const model = fakeModel(weights);
    const seen: number[][] = [];
    const result = await prune(model, { scorer: magnitude, strategy: lowest, repair: ones(seen), sparsity: 0.5 });
    expect(seen[0]).toEqual(Array.from(Float32Array.from(weights['a/kernel'])));
    expect(Array.from(model.weights['a/kernel'])).toEqual([0, 1, 0, 1]);
    expect(result.notes).toContainEqual({ text: 'repaired' });
    result.handle.restore();
    expect(Array.from(model.weights['a/kernel'])).toEqual(Array.from(Float32Array.from(weights['a/kernel'])));
  });

  test('what throws in a later step puts everything back', async () => {
    const model = fakeModel(weights);
    const failing = prune(model, {
      scorer: magnitude,
      strategy: lowest,
      repair: ones([]),
      sparsity: 0.5,
      schedule: iterative({ sparsity: 0.5, steps: 2 }),
      onStep: ({ step }) => {
        if (step === 1) throw new Error('no more');
      },
    });
    await expect(failing).rejects.toThrow('no more');
    expect(model.weights['a/kernel']).toEqual(Float32Array.from(weights['a/kernel']));
    expect(model.weights['b/kernel']).toEqual(Float32Array.from(weights['b/kernel']));
  });
});
