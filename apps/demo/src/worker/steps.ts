import type { Progress } from './protocol.js';

/** What the phases of a trial take, roughly, against one another. */
const COST: Readonly<Record<Progress['phase'], number>> = {
  load: 1,
  score: 1,
  select: 0.2,
  'fine-tune': 0,
  shrink: 0.2,
  bytes: 1.5,
  compact: 2,
  accuracy: 0.6,
  latency: 0,
};
const EPOCH = 6;
const BACKEND = 2;

export interface Steps {
  enter(phase: Progress['phase']): void;
  /** How far the phase that is under way has come, 0 to 1. */
  within(phase: Progress['phase'], done: number): void;
}

/** Turns phases into one number that only grows. Says something at most every 50 ms. */
export function stepsOf(
  { epochs, backends }: { readonly epochs: number; readonly backends: number },
  report: (progress: Progress) => void,
  now: () => number = () => performance.now(),
): Steps {
  const cost = { ...COST, 'fine-tune': EPOCH * epochs, latency: BACKEND * backends };
  const total = Object.values(cost).reduce((a, b) => a + b, 0) - cost.load;
  let [before, phase, most, said] = [0, undefined as Progress['phase'] | undefined, 0, -Infinity];
  const say = (at: Progress['phase'], done: number, always: boolean) => {
    most = Math.max(most, Math.min(1, done / total));
    if (!always && now() - said < 50) return;
    said = now();
    report({ phase: at, done: most });
  };
  return {
    enter(next) {
      if (phase !== undefined) before += cost[phase];
      phase = next;
      say(next, before, true);
    },
    within: (at, done) => say(at, before + cost[at] * done, false),
  };
}
