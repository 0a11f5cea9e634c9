import type { Extent, Granularity } from './contracts.js';
import { blockGranularity, checkGranularity, gridOf, nmGranularity, rowsAreFree, WEIGHTS } from './granularity.js';
import { makeBits } from './bits.js';

const boxes = (shape: number[], inAxis: number, extent: Extent) => {
  const { first, within } = gridOf({ shape, inAxis }, extent);
  return Array.from(first, (start) => Array.from(within, (offset) => start + offset));
};

describe('boxes of a kernel', () => {
  test.each<[how: string, shape: number[], inAxis: number, extent: Extent, expected: number[][]]>([
    ['single weights', [2, 2], 0, {}, [[0], [1], [2], [3]]],
    ['four inputs, two past the last whole box', [6, 1], 0, { inputs: 4 }, [[0, 1, 2, 3]]],
    [
      'all that an output reads',
      [2, 2],
      0,
      { inputs: 'all' },
      [
        [0, 2],
        [1, 3],
      ],
    ],
    [
      'the same of a transposed convolution [.., out, in]',
      [1, 2, 2],
      2,
      { inputs: 'all', positions: 'all' },
      [
        [0, 1],
        [2, 3],
      ],
    ],
    [
      '2 outputs × 2 inputs',
      [2, 4],
      0,
      { inputs: 2, outputs: 2 },
      [
        [0, 1, 4, 5],
        [2, 3, 6, 7],
      ],
    ],
    [
      '2 × 2 tiles of a 3 × 2 convolution',
      [3, 2, 1, 2],
      2,
      { positions: [2, 2] },
      [
        [0, 2, 4, 6],
        [1, 3, 5, 7],
      ],
    ],
    [
      'filters of a depthwise kernel [h, w, c, m]',
      [1, 2, 2, 1],
      -1,
      { inputs: 'all', positions: 'all' },
      [
        [0, 2],
        [1, 3],
      ],
    ],
    ['all of nothing', [0, 2], 0, { inputs: 'all' }, []],
  ])('%s', (_, shape, inAxis, extent, expected) => {
    expect(boxes(shape, inAxis, extent)).toEqual(expected);
    const { boxOf } = gridOf({ shape, inAxis }, extent);
    expected.forEach((box, b) => box.forEach((index) => expect(boxOf(index)).toBe(b)));
  });

  test('an entry past the last whole box is in none, and is counted', () => {
    const { boxOf, rest } = gridOf({ shape: [6, 2], inAxis: 0 }, { inputs: 4 });
    expect([rest, boxOf(7), boxOf(8)]).toEqual([[2, 0], 1, -1]);
  });
});

test.each<[granularity: Granularity | undefined, free: boolean]>([
  [undefined, true],
  [WEIGHTS, true],
  [{ ...WEIGHTS, counts: [{ within: { inputs: 'all', positions: 'all' } }] }, true],
  [{ ...WEIGHTS, counts: [{ within: { inputs: 'all' } }] }, false],
  [nmGranularity(2, 4), false],
  [blockGranularity(4, 1), false],
])('case %#: whether the weights of a row may change places', (granularity, free) => {
  expect(rowsAreFree({ units: {}, ...(granularity && { granularity }) })).toBe(free);
  expect(rowsAreFree({ units: { fc: makeBits(2) }, ...(granularity && { granularity }) })).toBe(false);
});

test.each<[how: string, value: unknown]>([
  ['nothing', null],
  ['no kind', { name: 'x' }],
  ['a name that does not print', { kind: 'x', name: '\u001b[31m' }],
  ['half a weight', { kind: 'x', name: 'x', cell: { inputs: 0.5 } }],
  ['a cell of nothing', { kind: 'x', name: 'x', cell: { positions: [2, 0] } }],
  ['counts that are none', { kind: 'x', name: 'x', counts: [{ keep: 1 }] }],
  ['less than none', { kind: 'x', name: 'x', counts: [{ within: {}, keep: -1 }] }],
  ['units in words', { kind: 'x', name: 'x', units: 'yes' }],
])('%s describes no granularity', (_, value) => {
  expect(() => checkGranularity(value, 'the plan')).toThrow(
    expect.objectContaining({ name: 'InputError', code: 'granularity', where: 'the plan' }),
  );
});

test('what describes itself passes', () => {
  for (const value of [WEIGHTS, nmGranularity(2, 4), blockGranularity(4, 1)]) checkGranularity(value, 'the plan');
});
