import { bitsFrom } from './bits.js';
import type { Bits, Group, Param, Plan, Scores, Selection, Strategy } from './contracts.js';
import { WEIGHTS } from './granularity.js';
import { memoryPlan, selectPlan } from './plan.js';
import { checkedScores } from './scores.js';

const param = (id: string, rest: Partial<Param> = {}): Param => ({
  ...{ id, shape: [2, 2], inAxis: 0, role: 'kernel', uses: 1, trainable: true },
  ...rest,
});
const params = [param('fc/kernel'), param('out/kernel', { skip: { text: 'left out by hand' } })];
const groups: Group[] = [
  { id: 'fc', size: 2, sites: [{ param: 'fc/kernel', axis: 1, unitOf: Int32Array.of(0, 1) }] },
  { id: 'out', size: 2, sites: [], skip: { text: 'model output' } },
];
const bits = (text: string) => bitsFrom(text.length, (i) => text[i] === '1');

describe('scores are held to the contract', () => {
  const scores = (values: number[], rest: Partial<Scores> = {}): Scores =>
    checkedScores(
      'movement',
      { params: ['fc/kernel'], read: async () => Float32Array.from(values), ...rest },
      {
        params,
        groups,
      },
    );
  const read = (values: number[], rest: Partial<Scores> = {}) => scores(values, rest).read('fc/kernel');

  test('finite ones of 0 or more pass, and −0; signed ones where they say so', async () => {
    expect(await read([0, -0, 1, 2])).toEqual(Float32Array.of(0, -0, 1, 2));
    expect(await read([-1, 0, 1, 2], { signed: true })).toEqual(Float32Array.of(-1, 0, 1, 2));
  });

  test.each<[values: number[], rest: Partial<Scores>, code: string, found: string]>([
    [[1, 2, 3], {}, 'score-length', '3'],
    [[1, NaN, 3, 4], {}, 'score-not-finite', 'NaN at index 1'],
    [[1, 2, Infinity, 4], {}, 'score-not-finite', 'Infinity at index 2'],
    [[1, 2, 3, -Infinity], { signed: true }, 'score-not-finite', '-Infinity at index 3'],
    [[NaN, 2, 3, 4], { signed: true }, 'score-not-finite', 'NaN at index 0'],
    [[1, 2, -0.5, 4], {}, 'score-negative', '-0.5 at index 2'],
  ])('%j, %j: %s', async (values, rest, code, found) => {
    await expect(read(values, rest)).rejects.toMatchObject({
      name: 'InputError',
      ...{ code, where: 'fc/kernel', found },
      message: expect.stringMatching(/movement.*'fc\/kernel'/),
    });
  });

  test('so are those of groups', async () => {
    const of = (values: number[]) => scores([], { readGroup: async () => Float32Array.from(values) }).readGroup!('fc');
    expect(await of([1, 2])).toEqual(Float32Array.of(1, 2));
    await expect(of([1])).rejects.toMatchObject({ code: 'score-length', where: 'fc' });
    await expect(of([1, -1])).rejects.toMatchObject({ code: 'score-negative', where: 'fc' });
  });

  test('a parameter that the model lacks is not scored', () => {
    expect(() => scores([], { params: ['nobody/kernel'] })).toThrow(
      expect.objectContaining({ name: 'InputError', code: 'score-param', where: 'nobody/kernel' }),
    );
  });
});

describe('a plan is held to the contract', () => {
  const decided = (plan: Plan, rest: Partial<Selection> = {}) => {
    const strategy: Strategy = { name: 'foreign', select: async () => plan };
    const scores: Scores = { params: [], read: async () => new Float32Array(0) };
    return selectPlan(strategy, { params, groups, scores, sparsity: 0.5, ...rest });
  };
  const masks = (of: Record<string, Bits>, rest: Partial<Plan> = {}) => ({ ...memoryPlan({ masks: of }), ...rest });

  test('what fits passes, a full mask of what is left alone as well', async () => {
    const plan = masks({ 'fc/kernel': bits('1010'), 'out/kernel': bits('1111') }, { granularity: WEIGHTS });
    const previous = memoryPlan({ masks: { 'fc/kernel': bits('1110') }, units: {} });
    expect(await (await decided(plan, { previous })).mask('fc/kernel')).toEqual(bits('1010'));
  });

  const before = memoryPlan({ masks: { 'fc/kernel': bits('0111') }, units: { fc: bits('01') } });
  test.each<[how: string, code: string, plan: Plan, rest?: Partial<Selection>]>([
    ['a parameter that is not there', 'plan-mismatch', masks({ 'nobody/kernel': bits('1010') })],
    ['a mask that is too short', 'plan-mismatch', masks({ 'fc/kernel': bits('101') })],
    ['units that are too many', 'plan-mismatch', memoryPlan({ units: { fc: bits('101') } })],
    ['a group that is not there', 'plan-mismatch', memoryPlan({ units: { nobody: bits('10') } })],
    ['a kernel that is to be left alone', 'plan-refused', masks({ 'out/kernel': bits('1110') })],
    ['a group that is to be left alone', 'plan-refused', memoryPlan({ units: { out: bits('10') } })],
    [
      'a weight that comes back',
      'plan-refused',
      memoryPlan({ masks: { 'fc/kernel': bits('1010') }, units: { fc: bits('01') } }),
      { previous: before },
    ],
    ['a mask that is forgotten', 'plan-refused', memoryPlan({ units: { fc: bits('01') } }), { previous: before }],
    [
      'a unit that comes back',
      'plan-refused',
      memoryPlan({ masks: { 'fc/kernel': bits('0010') }, units: { fc: bits('11') } }),
      { previous: before },
    ],
    [
      'a granularity that is none',
      'granularity',
      masks({ 'fc/kernel': bits('1010') }, { granularity: { kind: '', name: 'x' } }),
    ],
  ])('%s', async (_, code, plan, ...[rest]) => {
    await expect(decided(plan, rest)).rejects.toMatchObject({ name: 'InputError', code });
  });
});
