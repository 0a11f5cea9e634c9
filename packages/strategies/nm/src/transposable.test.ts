import { describeStrategy } from '@espalier/conformance';
import { bitsFrom, bitsToFloats, isKept, memoryPlan, type Param, seededRandom, type Selection } from '@espalier/core';
import { nm, type NmOptions } from './nm.js';
import { bestFlow, listMasks, tileSolver } from './transposable.js';

describeStrategy('2:4', () => nm());
describeStrategy('1:8 with its tail dense', () => nm({ keep: 1, group: 8, tail: 'dense' }));
describeStrategy('2:4 transposable', () => nm({ transposable: true }));
describeStrategy('3:4 transposable', () => nm({ keep: 3, transposable: true }));

const param = (shape: number[], inAxis = shape.length - 2): Param => ({
  id: 'fc/kernel',
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
const mask = async (options: NmOptions, s: Selection) =>
  Array.from(bitsToFloats(await (await nm({ transposable: true, ...options }).select(s)).mask('fc/kernel'))).join('');

test('there are 90 masks of 2:4, 24 of 1:4, 2 of 1:2, and too many of 4:8 to list', () => {
  expect([listMasks(2, 4), listMasks(1, 4), listMasks(3, 4), listMasks(1, 2)].map((all) => all!.length)).toEqual([
    90, 24, 24, 2,
  ]);
  expect([listMasks(4, 8), listMasks(2, 16)]).toEqual([undefined, undefined]);
  for (const all of listMasks(2, 4)!)
    for (let i = 0; i < 4; i++) {
      expect([0, 1, 2, 3].filter((j) => all[4 * i + j] === 1)).toHaveLength(2);
      expect([0, 1, 2, 3].filter((j) => all[4 * j + i] === 1)).toHaveLength(2);
    }
});

describe('by hand', () => {
  test('1:2: the better diagonal', async () => {
    expect(await mask({ keep: 1, group: 2 }, selection(param([2, 2]), [9, 8, 8, 0]))).toBe('0110');
    expect(await mask({ keep: 1, group: 2 }, selection(param([2, 2]), [9, 4, 4, 0]))).toBe('1001');
  });
  test('2:4: two blocks of large weights stay, in either layout', async () => {
    const values = [9, 9, 1, 1, 9, 9, 1, 1, 1, 1, 9, 9, 1, 1, 9, 9];
    expect(await mask({}, selection(param([4, 4]), values))).toBe('1100110000110011');
    expect(await mask({}, selection(param([1, 4, 4], 2), values))).toBe('1100110000110011');
  });
  test('ties keep the lower cells', async () =>
    expect(await mask({}, selection(param([4, 4]), Array(16).fill(1)))).toBe('1100110000110011'));
});

test('law: no mask keeps more, listed or by flow; rows and columns keep N', () => {
  for (const [keep, group] of [
    [2, 4],
    [1, 3],
    [2, 5],
    [4, 8],
    [3, 8],
    [1, 8],
  ]) {
    const solve = tileSolver(keep, group);
    for (let seed = 0; seed < 6; seed++) {
      const random = seededRandom(seed);
      const values = Float64Array.from({ length: group * group }, () => Math.floor(random() * 8) - 1);
      const best = solve(values);
      const sum = (m: Uint8Array) => values.reduce((s, v, i) => s + v * m[i], 0);
      for (let i = 0; i < group; i++) {
        expect(best.slice(i * group, (i + 1) * group).reduce((a, b) => a + b)).toBe(keep);
        expect(Array.from({ length: group }, (_, j) => best[j * group + i]).reduce((a, b) => a + b)).toBe(keep);
      }
      for (const other of (group < 6 && listMasks(keep, group)) || randomMasks(keep, group, random))
        expect(sum(other)).toBeLessThanOrEqual(sum(best));
      // No exchange of two kept cells for their opposite corners gains anything.
      for (let a = 0; a < group; a++)
        for (let b = 0; b < group; b++)
          for (let c = 0; c < group; c++)
            for (let d = 0; d < group; d++) {
              const [ac, bd, ad, bc] = [a * group + c, b * group + d, a * group + d, b * group + c];
              if (best[ac] && best[bd] && !best[ad] && !best[bc])
                expect(values[ad] + values[bc]).toBeLessThanOrEqual(values[ac] + values[bd]);
            }
    }
  }
});

/** Cyclic masks with rows and columns in random orders. */
function randomMasks(keep: number, group: number, random: () => number): Uint8Array[] {
  const shuffled = () =>
    Array.from({ length: group }, (_, i) => [random(), i])
      .sort(([a], [b]) => a - b)
      .map(([, i]) => i);
  return Array.from({ length: 200 }, () => {
    const [rows, columns] = [shuffled(), shuffled()];
    return Uint8Array.from({ length: group * group }, (_, cell) =>
      Number((rows[Math.floor(cell / group)] + columns[cell % group]) % group < keep),
    );
  });
}

test('the flow finds what listing finds', () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = seededRandom(seed);
    const values = Float64Array.from({ length: 16 }, () => random());
    const sum = (m: Uint8Array) => values.reduce((s, v, i) => s + v * m[i], 0);
    expect(sum(bestFlow(values, 2, 4))).toBeCloseTo(sum(tileSolver(2, 4)(values)), 12);
  }
});

test('both axes must be divisible, or keep their tails dense and say so', async () => {
  await expect(mask({}, selection(param([4, 6]), Array(24).fill(1)))).rejects.toMatchObject({
    code: 'nm-axis',
    message: expect.stringContaining("2:4 needs the output axis of 'fc/kernel' divisible by 4, got 6"),
  });
  const s = selection(param([2, 3]), [1, 2, 3, 2, 1, 3]);
  expect(await mask({ keep: 1, group: 2, tail: 'dense' }, s)).toBe('011101');
  const { notes } = await nm({ keep: 1, group: 2, tail: 'dense', transposable: true }).select(s);
  expect(notes?.map(({ text }) => text)).toEqual([
    'fc/kernel: the last 1 of 3 outputs stay dense, 1:2 does not divide them',
  ]);
});

test('what was pruned before stays pruned, and masks avoid it', async () => {
  const previous = memoryPlan({ masks: { 'fc/kernel': bitsFrom(4, (i) => i !== 0) } });
  expect(await mask({ keep: 1, group: 2 }, selection(param([2, 2]), [9, 1, 1, 9], { previous }))).toBe('0110');
});

test('both a kernel and its transpose have the pattern', async () => {
  const random = seededRandom(1);
  const p = param([3, 8, 12]);
  const bits = await (
    await nm({ transposable: true }).select(
      selection(
        p,
        Array.from({ length: 288 }, () => random()),
      ),
    )
  ).mask(p.id);
  for (let k = 0; k < 3; k++) {
    const kept = (i: number, o: number) => Number(isKept(bits, (k * 8 + i) * 12 + o));
    for (let i = 0; i < 8; i++)
      for (let o = 0; o < 12; o += 4) expect(kept(i, o) + kept(i, o + 1) + kept(i, o + 2) + kept(i, o + 3)).toBe(2);
    for (let o = 0; o < 12; o++)
      for (let i = 0; i < 8; i += 4) expect(kept(i, o) + kept(i + 1, o) + kept(i + 2, o) + kept(i + 3, o)).toBe(2);
  }
});
