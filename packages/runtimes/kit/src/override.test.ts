import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { override, replaceGradient, replaceKernel } from './override.js';

beforeAll(() => tf.setBackend('cpu'));

const registered = (name: string) => tf.getKernel(name, 'cpu');
const negated = () => tf.tidy(() => tf.neg(tf.scalar(3))).data();

/** Puts a kernel before the stock one that says so and leaves the work to it. */
const spy = (seen: string[], name: string) =>
  override('Neg', 'cpu', (_, stock) => {
    seen.push(name);
    return stock();
  });

describe('override', () => {
  test.each([
    ['the upper one first', [1, 0]],
    ['the lower one first', [0, 1]],
  ])('of two, taken away %s, nothing is left', async (_, order) => {
    const stock = registered('Neg');
    const seen: string[] = [];
    const undo = [spy(seen, 'lower'), spy(seen, 'upper')];
    expect(await negated()).toEqual(Float32Array.of(-3));
    expect(seen).toEqual(['upper', 'lower']);
    undo[order[0]]();
    seen.length = 0;
    expect(await negated()).toEqual(Float32Array.of(-3));
    expect(seen).toEqual([['lower', 'upper'][order[1]]]);
    undo[order[1]]();
    expect(registered('Neg')).toBe(stock);
    undo.forEach((again) => again());
    expect(registered('Neg')).toBe(stock);
  });

  test('leaves a kernel alone that a stranger has put over it', async () => {
    const stock = registered('Neg');
    const seen: string[] = [];
    const undo = spy(seen, 'ours');
    const below = registered('Neg');
    const theirs = { ...below };
    const put = (kernel: tf.KernelConfig) => {
      tf.unregisterKernel('Neg', 'cpu');
      tf.registerKernel(kernel);
    };
    put(theirs);
    undo();
    expect(registered('Neg')).toBe(theirs);
    expect(await negated()).toEqual(Float32Array.of(-3));
    expect(seen).toEqual([]);
    put(stock);
  });
});

test('replaceKernel fills a place where nothing was, and empties it again', () => {
  expect(registered('Nothing')).toBeUndefined();
  const undo = replaceKernel('Nothing', 'cpu', () => () => ({ dataId: {}, shape: [], dtype: 'float32' }));
  expect(registered('Nothing')).toMatchObject({ kernelName: 'Nothing', backendName: 'cpu' });
  undo();
  expect(registered('Nothing')).toBeUndefined();
});

test('replaceGradient does the same with gradients, and leaves those alone that nobody registered', () => {
  expect(replaceGradient('Nothing', (stock) => stock.gradFunc)).toBeInstanceOf(Function);
  const stock: tf.GradConfig = { kernelName: 'Something', gradFunc: () => ({}) };
  tf.registerGradient(stock);
  const undo = [1, 2].map(() => replaceGradient('Something', ({ gradFunc }) => gradFunc));
  expect(tf.getGradient('Something')).not.toBe(stock);
  undo.forEach((back) => back());
  expect(tf.getGradient('Something')).toBe(stock);
  tf.unregisterGradient('Something');
});
