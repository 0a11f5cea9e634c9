export interface Race<T> {
  readonly winner: T;
  /** The shortest run of each, in milliseconds. */
  readonly times: ReadonlyMap<T, number>;
}

/**
 * The winner by samples of the same rounds: the first contender, unless another is quicker by more than `margin` at its best, and was
 * so in most rounds too. One lucky moment is not enough to take its place.
 */
export function decide<T>(
  lanes: readonly { readonly of: T; readonly samples: readonly number[] }[],
  margin: number,
): Race<T> {
  const times = new Map(lanes.map(({ of, samples }) => [of, Math.min(...samples)]));
  const [first, ...others] = lanes;
  const best = others.reduce((a, b) => (times.get(b.of)! < times.get(a.of)! ? b : a), others[0] ?? first);
  const limit = 1 - margin;
  const rounds = best.samples.filter((sample, r) => sample < first.samples[r] * limit).length;
  const quicker = times.get(best.of)! < times.get(first.of)! * limit && 2 * rounds > best.samples.length;
  return { winner: quicker ? best.of : first.of, times };
}

/** What a race against the stock kernel has shown, for people. */
export const comparison = (name: string, ratio: number, pixels: number) =>
  `${name} ran ${ratio.toFixed(2)}× as fast as the stock kernel on ${pixels} pixel${pixels === 1 ? '' : 's'}`;
