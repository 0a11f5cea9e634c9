import { progressClock } from '../state/measuring.js';
import type { Progress } from './protocol.js';
import { stepsOf } from './steps.js';

test('progress only grows, from 0 to at most 1, and says the phase', () => {
  const said: Progress[] = [];
  let time = 0;
  const steps = stepsOf(
    { epochs: 2, backends: 1 },
    (progress) => said.push(progress),
    () => (time += 100),
  );
  const phases = [
    'accuracy',
    'score',
    'select',
    'fine-tune',
    'shrink',
    'bytes',
    'compact',
    'accuracy',
    'latency',
  ] as const;
  for (const phase of phases) {
    steps.enter(phase);
    steps.within(phase, 0.5);
    steps.within(phase, 0.2);
  }
  expect(said.map(({ phase }) => phase)).toEqual(phases.flatMap((phase) => [phase, phase, phase]));
  const done = said.map((progress) => progress.done);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(done[0]).toBe(0);
  expect(done.at(-1)).toBeLessThanOrEqual(1);
  expect(done.at(-1)).toBeGreaterThan(0.8);
});

test('at most one word in 50 ms', () => {
  const said: Progress[] = [];
  let time = 0;
  const steps = stepsOf(
    { epochs: 1, backends: 0 },
    (progress) => said.push(progress),
    () => (time += 10),
  );
  steps.enter('fine-tune');
  for (let i = 0; i < 100; i++) steps.within('fine-tune', i / 100);
  expect(said.length).toBeLessThan(25);
});

test('the time left follows from the pace', () => {
  let time = 0;
  const clock = progressClock(4, () => time);
  expect(clock(0, 0)).toEqual({ done: 0, secondsLeft: null });
  time = 6000;
  expect(clock(1, 0)).toEqual({ done: 0.25, secondsLeft: 18 });
  time = 12_000;
  expect(clock(3, 0)).toEqual({ done: 0.75, secondsLeft: 4 });
  expect(clock(4, 0)).toEqual({ done: 1, secondsLeft: 0 });
});
