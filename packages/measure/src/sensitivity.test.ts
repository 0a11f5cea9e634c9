import {
  bitsFrom,
  countKept,
  type MaskHandle,
  memoryPlan,
  type Param,
  type Plan,
  type PrunableModel,
  roundHalfEven,
  type Strategy,
  UsageError,
} from '@espalier/core';
import { sensitivity, type Sensitivity, sensitivityBudget } from './index.js';

/** Two kernels of ten weights; every weight that goes costs a point in 'a' and three in 'b'. */
function fake() {
  const params = ['a', 'b'].map((id): Param => ({
    id: `${id}/kernel`,
    shape: [10],
    inAxis: -1,
    role: 'kernel',
    uses: 1,
    trainable: true,
  }));
  const masks: Plan[] = [];
  const evaluated: string[] = [];
  const model = {
    params,
    groups: [{ id: 'g', size: 2, sites: [] }],
    async mask(plan: Plan) {
      masks.push(plan);
      return {
        plan,
        apply: () => undefined,
        restore: () => void masks.pop(),
      } as unknown as MaskHandle;
    },
  } as unknown as PrunableModel;
  const evaluate = async () => {
    const [plan] = masks;
    const gone = async (id: string) => (plan?.params.includes(id) ? 10 - countKept(await plan.mask(id)) : 0);
    evaluated.push(plan ? plan.params.join() : 'dense');
    return 90 - (await gone('a/kernel')) - 3 * (await gone('b/kernel'));
  };
  /** The first weights of what is open. */
  const strategy: Strategy = {
    name: 'first',
    async select({ params: all, sparsity }) {
      const open = all.filter(({ skip }) => skip === undefined);
      if (sparsity > 0.95) throw new UsageError('channels-impossible', 'too much');
      const masks = open.map(({ id }) => [id, bitsFrom(10, (i) => i >= roundHalfEven(10 * sparsity))]);
      return memoryPlan({ masks: Object.fromEntries(masks) });
    },
  };
  const scorer = { name: 'none', score: async () => ({ params: [], read: async () => new Float32Array() }) };
  const batches = async function* () {};
  return { model, options: { scorer, strategy, granularity: 'element' as const, batches, evaluate }, evaluated, masks };
}

test('each layer alone, in rising order, with everything put back', async () => {
  const { model, options, evaluated, masks } = fake();
  const progress: string[] = [];
  const found = await sensitivity(model, {
    ...options,
    sparsities: [0.8, 0.4, 1],
    onProgress: ({ done, total, layer, sparsity }) => progress.push(`${done}/${total} ${layer} ${sparsity}`),
  });
  expect(found).toEqual({
    granularity: 'element',
    dense: 90,
    layers: [
      {
        id: 'a/kernel',
        size: 10,
        points: [
          { sparsity: 0.4, accuracy: 86 },
          { sparsity: 0.8, accuracy: 82 },
        ],
      },
      {
        id: 'b/kernel',
        size: 10,
        points: [
          { sparsity: 0.4, accuracy: 78 },
          { sparsity: 0.8, accuracy: 66 },
        ],
      },
    ],
    skipped: [],
  });
  expect(evaluated).toEqual(['dense', 'a/kernel', 'a/kernel', 'b/kernel', 'b/kernel']);
  expect(masks).toEqual([]);
  expect(progress.at(-1)).toBe('6/6 b/kernel 1');
});

test('what is ignored is listed, and nothing left is an error', async () => {
  const { model, options } = fake();
  const found = await sensitivity(model, { ...options, ignore: ['a'] });
  expect(found.layers.map(({ id }) => id)).toEqual(['b/kernel']);
  expect(found.skipped).toEqual([
    { id: 'a/kernel', reason: { code: 'ignored', params: { glob: "'a'" }, text: "ignored by 'a'" } },
  ]);
  await expect(sensitivity(model, { ...options, ignore: ['a', 'b'] })).rejects.toMatchObject({
    code: 'nothing-to-prune',
  });
});

test('the weights come back where an evaluation fails', async () => {
  const { model, options, masks } = fake();
  let calls = 0;
  const evaluate = async () => {
    if (calls++ > 0) throw new Error('no');
    return 90;
  };
  await expect(sensitivity(model, { ...options, evaluate })).rejects.toThrow('no');
  expect(masks).toEqual([]);
});

describe('a budget from it, by hand', () => {
  const layer = (id: string, size: number, ...accuracies: number[]) => ({
    id,
    size,
    points: accuracies.map((accuracy, i) => ({ sparsity: (i + 1) / 4, accuracy })),
  });
  const found: Sensitivity = {
    granularity: 'element',
    dense: 90,
    layers: [
      layer('even', 100, 90, 90, 90),
      layer('steep', 100, 86, 80, 40),
      layer('dip', 200, 88, 90, 90),
      layer('rises', 100, 91, 89.5, 80),
    ],
    skipped: [],
  };
  test('the highest sparsity within the drop, on straight lines, never past a dip', () =>
    // steep falls 4 in the first quarter; dip falls 2; rises falls 9.5 from the second to the third point, of which 0.5 is left.
    expect(sensitivityBudget(found, { drop: 1 })).toEqual({
      drop: 1,
      sparsity: { even: 0.75, steep: 0.0625, dip: 0.125, rises: 0.5131 },
    }));

  test('the default is one point', () => expect(sensitivityBudget(found).drop).toBe(1));

  test('the smallest common drop for a sparsity of all together', () => {
    const { sparsity, drop } = sensitivityBudget(found, { sparsity: 0.6 });
    const total = (100 * (sparsity.even + sparsity.steep + sparsity.rises) + 200 * sparsity.dip) / 500;
    expect(total).toBeCloseTo(0.6, 3);
    expect(drop).toBeGreaterThan(2);
  });

  test.each([
    [{ sparsity: 0.9 }, 'sensitivity-range'],
    [{ drop: -1 }, 'sensitivity-goal'],
    [{ drop: 1, sparsity: 0.5 }, 'sensitivity-goal'],
  ])('%j is refused', (goal, code) =>
    expect(() => sensitivityBudget(found, goal)).toThrow(expect.objectContaining({ code })),
  );
});
