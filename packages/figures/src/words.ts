/** The words that figures write by themselves; titles and labels of axes are given to them. Numbers come written. */
export interface FigureWords {
  readonly before: string;
  readonly after: string;
  readonly mask: string;
  readonly keep: string;
  readonly prune: string;
  readonly weight: string;
  readonly output: string;
  /** A row or column of the mask that was removed. */
  readonly gone: string;
  /** The vertical axis where heights are square roots of counts. */
  readonly weightsRoot: string;
  threshold(value: string): string;
  /** What the lines in a map of the mask divide, such as '2:4'. */
  lines(granularity: string): string;
  /** Under a map of the mask; null = all of it is shown. */
  mapExtent(shown: string, of: string | null): string;
  /** Read aloud for a kernel's weights before and after in one histogram. */
  beforeAfterLabel(kernel: string, kept: string, weights: string): string;
  /** Under 'before'; null = no threshold decided. */
  beforeCount(weights: string, threshold: string | null): string;
  /** Under 'after'; null = nothing was pruned. */
  afterCount(kept: string, zeros: string | null): string;
  /** Under 'mask'; null = all of it is shown. */
  maskExtent(shown: string, of: string | null, pruned: string): string;
  /** Read aloud for a kernel's three panels. */
  pruningLabel(title: string): string;
  against(y: string, x: string): string;
  labelsLeftOut(count: number): string;
  greyCurves(count: number): string;
}

export const ENGLISH: FigureWords = {
  before: 'Before',
  after: 'After',
  mask: 'Mask',
  keep: 'keep',
  prune: 'prune',
  weight: 'weight',
  output: 'output',
  gone: 'row or column removed',
  weightsRoot: 'weights, square-root scale',
  threshold: (value) => `threshold ±${value}`,
  lines: (granularity) => `grid lines for ${granularity}`,
  mapExtent: (shown, of) => `${of === null ? `all of ${shown}` : `first ${shown} of ${of}`}; a column is one output`,
  beforeAfterLabel: (kernel, kept, weights) => `Histogram of ${kernel}: ${kept} of ${weights} weights are kept`,
  beforeCount: (weights, threshold) =>
    `${weights} weights, ${threshold === null ? 'no single threshold' : threshold === '0' ? 'threshold 0' : `threshold ±${threshold} (dashed)`}`,
  afterCount: (kept, zeros) => (zeros === null ? `${kept} kept, none pruned` : `${kept} kept; ${zeros} zeros left out`),
  maskExtent: (shown, of, pruned) =>
    `${of === null ? `all of ${shown}` : `first ${shown} of ${of}`}, ${pruned} pruned in all`,
  pruningLabel: (title) => `${title}: weights before, after and mask`,
  against: (y, x) => `${y} against ${x}`,
  labelsLeftOut: (count) => `${count} ${count === 1 ? 'label' : 'labels'} left out for room`,
  greyCurves: (count) => `grey: ${count} more that fall less`,
};
