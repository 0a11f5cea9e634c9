import type { Scorer, Strategy } from '@espalier/core';
import type { Row } from '../report/report.js';
import type { Phase } from './tools.js';

export interface Watch {
  /** Runs one phase, says so, and adds what it took to the phase's time. */
  time<T>(phase: Phase, run: () => Promise<T>): Promise<T>;
  seconds(): Row['seconds'];
}

export function stopwatch(clock: () => number, onPhase: (phase: Phase) => void = () => undefined): Watch {
  const spent = new Map<Phase, number>();
  const of = (...phases: Phase[]) => phases.reduce((sum, phase) => sum + (spent.get(phase) ?? 0), 0) / 1000;
  return {
    async time(phase, run) {
      onPhase(phase);
      const start = clock();
      try {
        return await run();
      } finally {
        spent.set(phase, (spent.get(phase) ?? 0) + clock() - start);
      }
    },
    seconds: () => ({
      score: of('score'),
      select: of('select'),
      ...(spent.has('fine-tune') && { fineTune: of('fine-tune') }),
      ...(spent.has('shrink') && { shrink: of('shrink') }),
      measure: of('bytes', 'compact', 'accuracy', 'latency'),
    }),
  };
}

export const timedScorer = (scorer: Scorer, watch: Watch): Scorer => ({
  ...scorer,
  score: (context) => watch.time('score', () => scorer.score(context)),
});

export const timedStrategy = (strategy: Strategy, watch: Watch): Strategy => ({
  ...strategy,
  select: (selection) => watch.time('select', () => strategy.select(selection)),
});
