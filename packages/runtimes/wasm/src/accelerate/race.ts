import { decide, type Race } from '@espalier/kernels-kit';

/** One way of doing the same thing. */
export interface Runner<T> {
  readonly of: T;
  run(): void;
}

/** A sample is at least so long, so that coarse clocks will do; all samples together take about so long. */
const SAMPLE_MS = 0.4;
const TOTAL_MS = 12;
const [FEWEST_ROUNDS, MOST_ROUNDS] = [3, 11];

/**
 * Times all runners in turn, and takes the shortest run of each, which is what a busy machine disturbs least. The first one wins
 * unless another is quicker by more than `margin`, and was so in most rounds too: one lucky moment is not enough to take its place.
 */
export function race<T>(runners: readonly Runner<T>[], margin: number): Race<T> {
  const lanes = runners.map(({ of, run }) => {
    run(); // Packs weights, compiles, fills caches.
    const once = time(run, 1);
    return { of, run, repeat: Math.max(1, Math.ceil(SAMPLE_MS / Math.max(once, 1e-3))), once, samples: [] as number[] };
  });
  const round = lanes.reduce((sum, { once }) => sum + Math.max(once, SAMPLE_MS), 0);
  const rounds = Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, Math.round(TOTAL_MS / round)));
  for (let r = 0; r < rounds; r++) {
    for (const lane of lanes) lane.samples.push(time(lane.run, lane.repeat));
  }
  return decide(lanes, margin);
}

function time(run: () => void, repeat: number): number {
  const start = performance.now();
  for (let i = 0; i < repeat; i++) run();
  return (performance.now() - start) / repeat;
}
