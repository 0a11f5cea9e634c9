/** One way of doing the same thing. */
export interface Runner<T> {
  readonly of: T;
  run(): void;
}

export interface Race<T> {
  readonly winner: T;
  /** The shortest run of each, in milliseconds. */
  readonly times: ReadonlyMap<T, number>;
}

/** A sample is at least so long, so that coarse clocks will do; all samples together take about so long. */
const SAMPLE_MS = 0.4;
const TOTAL_MS = 12;
const [FEWEST_ROUNDS, MOST_ROUNDS] = [3, 11];

/**
 * Times all runners in turn and takes the shortest run of each, which is what a busy machine disturbs least. The first one wins
 * unless another is quicker by more than `margin`.
 */
export function race<T>(runners: readonly Runner<T>[], margin: number): Race<T> {
  const lanes = runners.map(({ of, run }) => {
    run(); // Packs weights, compiles, fills caches.
    const once = time(run, 1);
    return { of, run, repeat: Math.max(1, Math.ceil(SAMPLE_MS / Math.max(once, 1e-3))), best: Infinity, once };
  });
  const round = lanes.reduce((sum, { once }) => sum + Math.max(once, SAMPLE_MS), 0);
  const rounds = Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, Math.round(TOTAL_MS / round)));
  for (let r = 0; r < rounds; r++) {
    for (const lane of lanes) lane.best = Math.min(lane.best, time(lane.run, lane.repeat));
  }
  const [first, ...others] = lanes;
  const best = others.reduce((a, b) => (b.best < a.best ? b : a), others[0] ?? first);
  const winner = best.best < first.best * (1 - margin) ? best.of : first.of;
  return { winner, times: new Map(lanes.map(({ of, best }) => [of, best])) };
}

function time(run: () => void, repeat: number): number {
  const start = performance.now();
  for (let i = 0; i < repeat; i++) run();
  return (performance.now() - start) / repeat;
}
