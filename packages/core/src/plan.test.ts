import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { bitsFrom, bitsToFloats, makeBits } from './bits.js';
import type { Group, Param } from './contracts.js';
import { protect } from './eligible.js';
import { blockGranularity, nmGranularity } from './granularity.js';
import { checkPlan, memoryPlan, resolveMask } from './plan.js';
import { decodePlan, encodePlan } from './plan-file.js';
import { cubic, iterative, oneShot } from './schedule.js';

const bits = (text: string) => bitsFrom(text.length, (i) => text[i] === '1');
const text = (b: { length: number; bytes: Uint8Array }) => Array.from(bitsToFloats(b)).join('');
const param = (id: string, shape: number[], rest: Partial<Param> = {}): Param => ({
  id,
  shape,
  inAxis: 0,
  role: 'kernel',
  uses: 1,
  trainable: true,
  ...rest,
});
const identity = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

describe('plans', () => {
  const groups: Group[] = [
    {
      id: 'a',
      size: 2,
      sites: [
        { param: 'a/kernel', axis: 1, unitOf: identity(2) },
        { param: 'b/kernel', axis: 0, unitOf: Int32Array.of(0, 1, -1, 0) },
      ],
    },
  ];

  test('units are lifted along their sites, and join the element mask', async () => {
    const plan = memoryPlan({ masks: { 'a/kernel': bits('111110') }, units: { a: bits('01') } });
    expect(text((await resolveMask(plan, param('a/kernel', [3, 2]), groups))!)).toBe('010100');
    expect(text((await resolveMask(plan, param('b/kernel', [4, 2]), groups))!)).toBe('00111100');
    expect(await resolveMask(plan, param('c/kernel', [4]), groups)).toBeUndefined();
  });

  test('a plan for another model is refused', async () => {
    const model = { params: [param('w', [2, 2])], groups };
    await expect(checkPlan(memoryPlan({ masks: { w: makeBits(5) } }), model)).rejects.toMatchObject({
      code: 'plan-mismatch',
    });
    await expect(checkPlan(memoryPlan({ masks: { x: makeBits(4) } }), model)).rejects.toMatchObject({
      code: 'plan-mismatch',
    });
    await expect(checkPlan(memoryPlan({ units: { constructor: makeBits(4) } }), model)).rejects.toMatchObject({
      code: 'plan-mismatch',
    });
    // Counts of what is kept would count what lies past the end.
    const past = { length: 4, bytes: Uint8Array.of(0xff) };
    await expect(checkPlan(memoryPlan({ masks: { w: past } }), model)).rejects.toMatchObject({
      code: 'plan-mismatch',
      found: 'bits past the last',
    });
    await expect(checkPlan(memoryPlan({ masks: { w: makeBits(4) } }), model)).resolves.toBeUndefined();
  });

  test('asking for an unlisted mask rejects', async () => {
    await expect(memoryPlan({}).mask('toString')).rejects.toMatchObject({ code: 'plan-param' });
  });
});

describe('plan files', () => {
  const anyBits = fc.array(fc.boolean(), { maxLength: 40 }).map((kept) => bitsFrom(kept.length, (i) => kept[i]));
  const anyPlan = fc.record({
    masks: fc.dictionary(fc.string(), anyBits),
    units: fc.dictionary(fc.string(), anyBits),
    granularity: fc.constantFrom(undefined, nmGranularity(2, 4), blockGranularity(4, 1), {
      kind: 'tiles',
      name: '2×2 tiles',
      cell: { positions: [2, 2], inputs: 'all' as const },
    }),
    thresholds: fc.constantFrom(undefined, { w: 0.25, v: null }),
  });

  test('what is saved is read back, and the same plan gives the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(anyPlan, async (contents) => {
        const bytes = await encodePlan(memoryPlan(contents));
        const back = decodePlan(bytes);
        expect(await encodePlan(back)).toEqual(bytes);
        expect(back.params).toEqual(Object.keys(contents.masks));
        for (const id of back.params) expect(await back.mask(id)).toEqual(contents.masks[id]);
        expect({ ...back.units }).toEqual({ ...contents.units });
        expect([back.granularity, back.thresholds]).toEqual([contents.granularity, contents.thresholds]);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test('notes are kept as they are; what is none is refused', async () => {
    const why = { code: 'a-bias', text: 'a bias' };
    const notes = [{ code: 'left-alone', params: { id: 'w', why, n: 1 }, text: 'w stays' }, { text: 'odd' }];
    expect(decodePlan(await encodePlan(memoryPlan({ notes }))).notes).toEqual(notes);
    const none = await encodePlan(memoryPlan({ notes: [{ code: 'x' } as never] }));
    expect(() => decodePlan(none)).toThrow(expect.objectContaining({ code: 'plan-file' }));
  });

  test('files of version 1 named N:M and blocks alone', async () => {
    // The bytes that version 1 wrote of memoryPlan({ masks: { w: bits('1010') }, pattern: { keep: 1, group: 2 } }), and of blocks.
    const old = (header: object) => {
      const json = new TextEncoder().encode(JSON.stringify({ params: [['w', 4]], units: [], ...header }));
      const body = Buffer.concat([Buffer.from('ESPLPLAN'), u32(1), u32(json.length), json, Uint8Array.of(5)]);
      return new Uint8Array(Buffer.concat([body, createHash('sha256').update(body).digest()]));
    };
    const u32 = (n: number) => Uint8Array.of(n, 0, 0, 0);
    const granularity = (header: object) => decodePlan(old(header)).granularity;
    expect(granularity({ pattern: { keep: 1, group: 2 } })).toEqual(nmGranularity(1, 2));
    expect(granularity({ block: { outputs: 4, inputs: 1 } })).toEqual(blockGranularity(4, 1));
    expect(granularity({})).toBeUndefined();
    expect(text(await decodePlan(old({})).mask('w'))).toBe('1010');
    expect(decodePlan(old({ notes: ['w stays'] })).notes).toEqual([{ text: 'w stays' }]);
    for (const pattern of [
      { keep: 'all', group: 2 },
      { keep: 1, group: 0.5 },
    ])
      expect(() => granularity({ pattern })).toThrow(expect.objectContaining({ code: 'plan-file' }));
  });

  test('every truncation and every flipped byte is an InputError', async () => {
    const bytes = await encodePlan(memoryPlan({ masks: { 'fc1/kernel': bits('1011') }, units: { fc1: bits('10') } }));
    const refuses = (broken: Uint8Array) =>
      expect(() => decodePlan(broken, 'x.plan')).toThrow(
        expect.objectContaining({ code: 'plan-file', where: 'x.plan' }),
      );
    for (let n = 0; n < bytes.length; n++) refuses(bytes.slice(0, n));
    for (let n = 0; n < bytes.length; n++) refuses(bytes.map((byte, i) => (i === n ? byte ^ 0x10 : byte)));
    refuses(Uint8Array.of(...bytes, 0));
  });
});

describe('schedules', () => {
  const steps = (s: ReturnType<typeof oneShot>) => Array.from({ length: s.steps + 1 }, (_, t) => s(t));

  test('one shot, then nothing', () => expect(steps(oneShot(0.9))).toEqual([0.9, undefined]));

  test('iterative: each round removes the same fraction of what is left', () => {
    const [a, b, c, end] = steps(iterative({ sparsity: 0.875, steps: 3 }));
    expect([a, b, c, end]).toEqual([expect.closeTo(0.5, 12), expect.closeTo(0.75, 12), 0.875, undefined]);
  });

  test('cubic: s_f + (s_i − s_f)(1 − p)³', () => {
    expect(steps(cubic({ sparsity: 0.8, end: 4 }))).toEqual([
      undefined,
      expect.closeTo(0.8 * (1 - 27 / 64), 12),
      expect.closeTo(0.7, 12),
      expect.closeTo(0.8 * (1 - 1 / 64), 12),
      0.8,
      undefined,
    ]);
    expect(cubic({ sparsity: 0.8, end: 4, initial: 0.5 })(0)).toBeCloseTo(0.5, 12);
  });

  test('the last update comes even where frequency does not divide the span', () => {
    const s = cubic({ sparsity: 0.9, begin: 2, end: 9, frequency: 3, initial: 0.1 });
    expect(Array.from({ length: 12 }, (_, t) => s(t) !== undefined)).toEqual(
      [0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0].map(Boolean),
    );
    expect(s(9)).toBe(0.9);
  });

  test('never falls, never leaves [initial, sparsity]', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        (sparsity, end, frequency) => {
          for (const s of [cubic({ sparsity, end, frequency }), iterative({ sparsity, steps: end })]) {
            const values = steps(s).filter((v) => v !== undefined);
            values.forEach((v, i) =>
              expect(v >= 0 && v <= sparsity + 1e-12 && (i === 0 || v >= values[i - 1] - 1e-12)).toBe(true),
            );
            expect(values[values.length - 1]).toBe(sparsity);
          }
        },
      ),
      { seed: 1 },
    );
  });

  test.each([
    () => oneShot(2),
    () => iterative({ sparsity: 0.5, steps: 0 }),
    () => iterative({ sparsity: 0.5, steps: 1.5 }),
    () => cubic({ sparsity: 0.5, end: 0 }),
    () => cubic({ sparsity: 0.5, end: 3, frequency: 0 }),
  ])('case %#: options that cannot be right', (make) =>
    expect(make).toThrow(expect.objectContaining({ name: 'UsageError' })),
  );
});

describe('protect', () => {
  const params = [
    param('conv1/kernel', [2, 2]),
    param('conv1/bias', [2], { role: 'bias' }),
    param('net/conv2/kernel', [2, 2]),
  ];
  const groups = [{ id: 'conv1', size: 2, sites: [] }];
  test.each([
    [['conv1'], ['conv1/kernel', 'conv1/bias', 'conv1']],
    [['conv*'], ['conv1/kernel', 'conv1/bias', 'conv1']],
    [['**/kernel'], ['conv1/kernel', 'net/conv2/kernel', 'conv1']],
    [['net/conv2'], ['net/conv2/kernel']],
    [[], []],
  ])('%j', (globs, protectedIds) => {
    const result = protect({ params, groups }, { ignore: globs });
    expect([...result.params, ...result.groups].filter((p) => p.skip).map((p) => p.id)).toEqual(protectedIds);
  });
  test('a glob that matches nothing is a mistake', () => {
    expect(() => protect({ params, groups }, { ignore: ['conv9'] })).toThrow(
      expect.objectContaining({ code: 'ignore-unmatched', message: expect.stringContaining("'conv9'") }),
    );
  });
});
