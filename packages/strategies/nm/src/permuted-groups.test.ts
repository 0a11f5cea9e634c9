import '@tensorflow/tfjs-backend-wasm';
import { type Group, type Param, type Scores } from '@espalier/core';
import { findPermutation } from './index.js';

describe('which groups', () => {
  const param = (id: string, shape: number[], rest: Partial<Param> = {}): Param => ({
    id,
    shape,
    inAxis: shape.length - 2,
    role: 'kernel',
    uses: 1,
    trainable: true,
    ...rest,
  });
  const scores = (values: Record<string, number[]>): Scores => ({
    params: Object.keys(values),
    read: async (id) => Float32Array.from(values[id]),
  });
  const iota = (size: number, length = size) => Int32Array.from({ length }, (_, i) => i % size);
  const group = (size: number, sites: Group['sites'], rest: Partial<Group> = {}): Group => ({
    id: 'g',
    size,
    sites,
    ...rest,
  });

  test('siblings that read the same channels share one order', async () => {
    // The left kernel gains 18 by parting columns 0 to 3, the right one loses 4 by it.
    const params = [param('left/kernel', [8, 1]), param('right/kernel', [8, 1])];
    const values = { 'left/kernel': [9, 9, 9, 9, 0, 0, 0, 0], 'right/kernel': [4, 4, 0, 0, 4, 4, 0, 0] };
    const sites = params.map(({ id }) => ({ param: id, axis: 0, unitOf: iota(8) }));
    const found = await findPermutation({ params, groups: [group(8, sites)], scores: scores(values) }, { moves: 20 });
    expect(found.groups).toEqual([
      { id: 'g', channels: 8, params: ['left/kernel', 'right/kernel'], before: 34, after: 52 },
    ]);
    expect(Object.keys(found.permutation)).toEqual(['g']);
  });

  test.each<[string, Group, Param[], string]>([
    [
      'the model output',
      group(4, [{ param: 'a/kernel', axis: 0, unitOf: iota(4) }], { skip: { text: 'model output' } }),
      [param('a/kernel', [4, 2])],
      'model output',
    ],
    [
      'six channels behind a flatten',
      group(6, [{ param: 'a/kernel', axis: 0, unitOf: iota(6, 12) }]),
      [param('a/kernel', [12, 2])],
      'do not line up with groups of 4 in a/kernel',
    ],
    [
      'three channels',
      group(3, [{ param: 'a/kernel', axis: 0, unitOf: iota(3) }]),
      [param('a/kernel', [3, 2])],
      '3 channels are no group of 4',
    ],
    [
      'channels that a layer reads backwards',
      group(4, [{ param: 'a/kernel', axis: 0, unitOf: iota(4).reverse() }]),
      [param('a/kernel', [4, 2])],
      'in another order',
    ],
    [
      'a slice of a concatenation at the wrong place',
      group(4, [{ param: 'a/kernel', axis: 0, unitOf: Int32Array.of(-1, -1, 0, 1, 2, 3, -1, -1) }]),
      [param('a/kernel', [8, 2])],
      'do not line up',
    ],
  ])('%s: left alone, and said', async (_name, g, params, why) => {
    const values = Object.fromEntries(
      params.map(({ id, shape }) => [id, Array.from({ length: shape[0] * shape[1] }, (_, i) => (i * 7) % 5)]),
    );
    const found = await findPermutation({ params, groups: [g], scores: scores(values) });
    expect([found.permutation, found.groups]).toEqual([{}, []]);
    expect(found.notes.map(({ text }) => text)).toEqual([expect.stringContaining(why)]);
  });

  test('a score that is no number names its parameter', () =>
    expect(
      findPermutation({
        params: [param('a/kernel', [4, 1])],
        groups: [group(4, [{ param: 'a/kernel', axis: 0, unitOf: iota(4) }])],
        scores: scores({ 'a/kernel': [1, NaN, 2, 3] }),
      }),
    ).rejects.toMatchObject({ code: 'score-not-finite', where: 'a/kernel' }));
});
