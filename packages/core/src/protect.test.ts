import type { Group, Param } from './contracts.js';
import { protect } from './eligible.js';

const kernel = (id: string, inAxis = 0): Param => ({
  id,
  shape: [4, 4],
  inAxis,
  role: 'kernel',
  uses: 1,
  trainable: true,
});
const unitOf = Int32Array.of(0, 1, 2, 3);
// first makes the channels, dw passes them on, bn normalises them, last reads them.
const params: Param[] = [
  kernel('first/kernel'),
  kernel('dw/depthwise_kernel', -1),
  { ...kernel('bn/gamma', -1), role: 'norm', shape: [4] },
  kernel('last/kernel'),
];
const group: Group = {
  id: 'first',
  size: 4,
  sites: [
    { param: 'first/kernel', axis: 1, unitOf },
    { param: 'dw/depthwise_kernel', axis: 1, unitOf },
    { param: 'bn/gamma', axis: 0, unitOf },
    { param: 'last/kernel', axis: 0, unitOf },
  ],
};
const skipOf = (...args: Parameters<typeof protect>) => protect(...args).groups[0].skip?.text;
const model = { params, groups: [group] };

test.each([['first'], ['dw'], ['bn'], ['first/kernel'], ['d*']])('channels stay where %s is ignored', (glob) =>
  expect(skipOf(model, { ignore: [glob] })).toBe(`ignored by '${glob}'`),
);

test('a layer that only reads them keeps them when it is asked to', () => {
  expect(skipOf(model, { ignore: ['last'] })).toBeUndefined();
  expect(skipOf(model, { keepInputs: ['last'] })).toBe("read by a layer that keeps its inputs, by 'last'");
  expect(protect(model, { keepInputs: ['last'] }).params[3].skip?.text).toBe("ignored by 'last'");
});

test('biases and norms by their own names protect nothing else', () =>
  expect(skipOf(model, { ignore: ['*/gamma'] })).toBeUndefined());

test('a glob that matches nothing is a mistake in either list', () => {
  for (const protection of [{ ignore: ['x'] }, { keepInputs: ['x'] }])
    expect(() => protect(model, protection)).toThrow(expect.objectContaining({ code: 'ignore-unmatched' }));
});
