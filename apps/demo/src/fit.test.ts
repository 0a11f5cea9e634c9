import { fitOf, misfit } from './fit.js';

const digits = { shape: [28, 28], classes: 10 };
const model = (input: (number | null)[], output: (number | null)[]) => ({
  inputShapes: [input],
  outputShapes: [output],
});

test.each([
  ['a flat input', [784], [10]],
  ['one channel', [28, 28, 1], [10]],
  ['more classes than labels', [784], [26]],
])('%s fits', (_, input, output) => {
  expect(fitOf(model(input, output), digits)).toEqual({ inputShape: input, classes: output[0] });
});

test.each([
  [model([4], [10]), { kind: 'inputs', wanted: '[4]', found: '[28, 28]' }],
  [model([null, 28], [10]), { kind: 'inputs', wanted: '[?, 28]', found: '[28, 28]' }],
  [
    { inputShapes: [[784], [784]], outputShapes: [[10]] },
    { kind: 'inputs', wanted: '[784], [784]', found: '[28, 28]' },
  ],
  [model([784], [28, 10]), { kind: 'outputs', wanted: '[28, 10]' }],
  [model([784], [1]), { kind: 'outputs', wanted: '[1]' }],
  [model([784], [8]), { kind: 'labels', outputs: 8, found: 9 }],
])('%j does not, and why', (of, why) => {
  expect(misfit(of, digits)).toEqual(why);
  expect(fitOf(of, digits)).toBeUndefined();
});
