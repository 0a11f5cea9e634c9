import { describeLaws, firstDifference, type Law, law, LawError } from './law.js';

const positive: Law<number> = law('is positive', async (n, claim) => claim(n > 0, () => `got ${n}`));
const whole: Law<number> = law('is whole', async (n, claim) => claim(Number.isInteger(n), () => `got ${n}`));

test('a broken law says which and how', async () => {
  await expect(positive.check(1)).resolves.toBeUndefined();
  const error: unknown = await positive.check(-1).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(LawError);
  expect(error).toMatchObject({ law: 'is positive', detail: 'got -1', message: 'is positive: got -1' });
});

test('what a plug-in throws breaks the law too, and is kept as the cause', async () => {
  const cause = new TypeError('x is undefined');
  const throws = law<number>('runs', () => Promise.reject(cause));
  await expect(throws.check(1)).rejects.toMatchObject({ message: 'runs: it threw TypeError: x is undefined', cause });
});

test('a suite is one test per law, in any runner, but for the exceptions', async () => {
  const seen: string[] = [];
  const bodies: (() => Promise<void>)[] = [];
  const runner = {
    describe: (name: string, body: () => void) => (seen.push(name), body()),
    it: (name: string, body: () => Promise<void>) => (seen.push(name), bodies.push(body)),
  };
  describeLaws('a number', [positive, whole], 0.5, { runner });
  expect(seen).toEqual(['a number', 'is positive', 'is whole']);
  await expect(bodies[0]()).resolves.toBeUndefined();
  await expect(bodies[1]()).rejects.toThrow('is whole: got 0.5');
  describeLaws('another', [positive, whole], 0.5, { runner, except: ['is whole'] });
  expect(seen.slice(3)).toEqual(['another', 'is positive']);
  expect(() => describeLaws('a typo', [positive], 1, { runner, except: ['is posative'] })).toThrow(
    "there is no law 'is posative'; the laws are: is positive",
  );
});

test('differences are of bits: −0 is not 0, NaN is NaN', () => {
  const of = (...values: number[]) => Float32Array.from(values);
  expect(firstDifference(of(1, 0), of(1, 0))).toBe(-1);
  expect(firstDifference(of(1, 0), of(1, -0))).toBe(1);
  expect(firstDifference(of(NaN), of(NaN))).toBe(-1);
  expect(firstDifference(of(1), of(1, 2))).toBe(1);
});
