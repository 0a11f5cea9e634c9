import { decide } from './decide.js';

const winner = (margin: number, ...samples: number[][]) =>
  decide(
    samples.map((one, i) => ({ of: i, samples: one })),
    margin,
  ).winner;

test.each([
  [
    'clearly quicker',
    [
      [10, 11, 10],
      [5, 6, 5],
    ],
    1,
  ],
  [
    'the quickest of several',
    [
      [10, 11, 10],
      [8, 8, 8],
      [5, 6, 5],
    ],
    2,
  ],
  [
    'quicker by less than the margin',
    [
      [10, 11, 10],
      [9.7, 9.8, 9.7],
    ],
    0,
  ],
  [
    'quicker in one lucky round',
    [
      [10, 10, 10],
      [12, 5, 12],
    ],
    0,
  ],
  [
    'quicker in most rounds, but not at its best',
    [
      [5, 10, 10],
      [8, 8, 8],
    ],
    0,
  ],
  [
    'quicker in most rounds, one of them disturbed',
    [
      [10, 10, 10],
      [5, 50, 5],
    ],
    1,
  ],
  ['alone', [[10, 10, 10]], 0],
])('%s', (_, samples, wanted) => {
  expect(winner(0.04, ...samples)).toBe(wanted);
});

test('the times are the shortest runs', () => {
  const { times } = decide(
    [
      { of: 'a', samples: [3, 2, 4] },
      { of: 'b', samples: [9, 8, 7] },
    ],
    0,
  );
  expect([...times]).toEqual([
    ['a', 2],
    ['b', 7],
  ]);
});
