import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { tinyNetwork } from '@espalier/conformance';
import * as tf from '@tensorflow/tfjs-core';
import type { Contender } from './calls.js';
import { latency, type LatencyOptions } from './latency.js';

beforeAll(() => {
  tf.env().set('PROD', true);
  return tf.setBackend('cpu');
});

const useBackend = async (name: string) => {
  await tf.setBackend(name);
  return tf.getBackend();
};

/** Contenders that take as long as they say, on a clock that only they move. */
function staged(costs: Readonly<Record<string, (call: number) => number>>) {
  let clock = 0;
  const calls: string[] = [];
  const entries = Object.entries(costs).map(([name, cost]): Contender => {
    let call = 0;
    return {
      name,
      predict: (x) => {
        clock += cost(call++);
        calls.push(name);
        return tf.clone(x);
      },
    };
  });
  return { entries, calls, now: () => clock };
}

const base: LatencyOptions = { inputShape: [2], warmup: 0, warmupMs: 0, minTimeMs: 0 };

test('median and percentiles of calls, speed-up as the median of ratios', async () => {
  // One call comes before the rounds: the one that names the backend.
  const { entries, now } = staged({
    dense: (call) => [99, 10, 20, 30, 40, 50][call],
    pruned: (call) => [99, 5, 5, 10, 10, 5][call],
  });
  const [result] = await latency(entries, { ...base, rounds: 5, now });
  expect(result).toMatchObject({ backend: 'cpu', ran: 'cpu', batch: 1 });
  expect(result.entries[0]).toMatchObject({ name: 'dense', medianMs: 30, p10Ms: 14, p90Ms: 46, runs: 5 });
  expect(result.entries[0].speedup).toEqual({ median: 1, p10: 1, p90: 1 });
  // Ratios 2, 4, 3, 4, 10.
  expect(result.entries[1]).toMatchObject({
    medianMs: 5,
    runs: 5,
    speedup: { median: 4, p10: 2.4, p90: expect.closeTo(7.6, 9) },
  });
});

test('a machine that slows down does not change the speed-up', async () => {
  const { entries, now } = staged({ dense: (call) => 4 * 2 ** call, pruned: (call) => 2 * 2 ** call });
  const [{ entries: results }] = await latency(entries, { ...base, rounds: 9, now });
  expect(results[1].speedup).toEqual({ median: 2, p10: 2, p90: 2 });
  expect(results[0].p90Ms).toBeGreaterThan(10 * results[0].p10Ms);
});

test('leaves the warm-up out', async () => {
  const { entries, calls, now } = staged({ dense: (call) => (call < 6 ? 1000 : 1) });
  const [{ entries: results }] = await latency(entries, { ...base, warmup: 6, rounds: 3, now });
  expect(results[0]).toMatchObject({ medianMs: 1, p90Ms: 1 });
  expect(calls).toHaveLength(6 + 3);
});

test('repeats a call that is too short for the clock and reports one call', async () => {
  const { entries, calls, now } = staged({ dense: () => 0.5 });
  const [{ entries: results }] = await latency(entries, { ...base, minTimeMs: 4, rounds: 2, now });
  expect(results[0].medianMs).toBe(0.5);
  expect(calls).toHaveLength(1 + (1 + 2 + 4 + 3 * 8) + 2 * 8);
});

test('one call that the machine interrupts does not pass for a long one', async () => {
  const { entries, calls, now } = staged({ dense: (call) => (call === 1 ? 50 : 0.5) });
  await latency(entries, { ...base, minTimeMs: 4, rounds: 3, now });
  expect(calls).toHaveLength(1 + (2 + 2 + 4 + 3 * 8) + 3 * 8);
});

test('a coarse clock gets runs of twenty of its grains', async () => {
  // Each reading moves the true time a little, as it does where a program spins on the clock.
  let time = 0;
  const predict = (x: tf.Tensor) => {
    time += 0.3;
    return tf.clone(x);
  };
  const now = () => Math.floor((time += 0.001));
  const [{ entries: results }] = await latency([{ name: 'dense', predict }], { ...base, minTimeMs: 2, rounds: 5, now });
  // Runs of 2 ms would give 0.25 or 0.375.
  expect(results[0].medianMs).toBeGreaterThan(0.29);
  expect(results[0].medianMs).toBeLessThan(0.32);
});

test('a clock that stands still gives numbers', async () => {
  const { entries } = staged({ dense: () => 0, pruned: () => 0 });
  const [{ entries: results }] = await latency(entries, { ...base, rounds: 2, now: () => 0 });
  expect(results[1].speedup.median).toBe(1);
});

test('every round runs everyone once, in an order that the seed fixes', async () => {
  const orderOf = async (seed: number) => {
    const { entries, calls, now } = staged({ a: () => 1, b: () => 1, c: () => 1 });
    await latency(entries, { ...base, rounds: 20, seed, now });
    return Array.from({ length: 20 }, (_, i) => calls.slice(3 + 3 * i, 6 + 3 * i).join(''));
  };
  const orders = await orderOf(1);
  for (const order of orders) expect([...order].sort().join('')).toBe('abc');
  expect(new Set(orders).size).toBeGreaterThan(3);
  expect(await orderOf(1)).toEqual(orders);
  expect(await orderOf(2)).not.toEqual(orders);
});

test('names the backend that held the output, not the one that was asked for', async () => {
  const { entries, now } = staged({ dense: () => 1 });
  const [result] = await latency(entries, {
    ...base,
    rounds: 1,
    now,
    backends: ['webgpu'],
    useBackend: async () => 'webgpu',
  });
  expect(result).toMatchObject({ backend: 'webgpu', ran: 'cpu' });
});

test('a network on cpu and wasm, then back to cpu with nothing left behind', async () => {
  const net = tinyNetwork();
  const before = tf.memory().numTensors;
  const progress: string[] = [];
  const results = await latency([{ name: 'dense', predict: (x) => net.predict(x) }], {
    inputShape: [4],
    batch: 3,
    rounds: 2,
    minTimeMs: 0.01,
    backends: ['cpu', 'wasm'],
    useBackend,
    onProgress: ({ backend, round, rounds }) => progress.push(`${backend} ${round + 1}/${rounds}`),
  });
  expect(results.map(({ backend, ran, batch }) => [backend, ran, batch])).toEqual([
    ['cpu', 'cpu', 3],
    ['wasm', 'wasm', 3],
  ]);
  for (const { entries } of results) expect(entries[0].p10Ms).toBeGreaterThan(0);
  expect(progress).toEqual(['cpu 1/2', 'cpu 2/2', 'wasm 1/2', 'wasm 2/2']);
  expect(tf.getBackend()).toBe('cpu');
  expect(tf.memory().numTensors).toBe(before);
  net.dispose();
});

test('an input of the caller is borrowed', async () => {
  const x = tf.ones([5, 2]);
  const { entries, now } = staged({ dense: () => 1 });
  const [result] = await latency([...entries, { name: 'same', predict: (given) => given }], {
    x,
    rounds: 1,
    minTimeMs: 0,
    now,
  });
  expect(result.batch).toBe(5);
  expect(x.isDisposed).toBe(false);
  x.dispose();
});

test('leaks nothing and returns to its backend where a model or a listener throws', async () => {
  const before = tf.memory().numTensors;
  const throws = () => {
    throw new Error('no');
  };
  const options = { ...base, backends: ['wasm'], useBackend };
  await expect(latency([{ name: 'a', predict: throws }], options)).rejects.toThrow('no');
  const fine = { name: 'a', predict: (x: tf.Tensor) => tf.clone(x) };
  await expect(latency([fine], { ...options, onProgress: throws })).rejects.toThrow('no');
  expect(tf.getBackend()).toBe('cpu');
  expect(tf.memory().numTensors).toBe(before);
});

test.each<[string, LatencyOptions, number]>([
  ['no contender', base, 0],
  ['no input', {}, 1],
  ['no way to change the backend', { ...base, backends: ['wasm'] }, 1],
  ['rounds', { ...base, rounds: 0 }, 1],
  ['batch', { ...base, batch: 1.5 }, 1],
  ['warmup', { ...base, warmup: -1 }, 1],
  ['minTimeMs', { ...base, minTimeMs: NaN }, 1],
])('refuses %s', async (_, options, count) => {
  const { entries } = staged({ dense: () => 1 });
  await expect(latency(entries.slice(0, count), options)).rejects.toMatchObject({
    name: 'UsageError',
    code: 'latency-options',
  });
});
