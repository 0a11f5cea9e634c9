/** How the scores of a channel's weights become one score: end(add(… add(start, score) …), how many). */
export interface Aggregate {
  readonly name: string;
  readonly start: number;
  /** It squares scores, and so takes none below 0. */
  readonly squares?: boolean;
  add(total: number, score: number): number;
  end(total: number, count: number): number;
}

/** Σ s / n: filters of different sizes compare. */
export const mean: Aggregate = { name: 'mean', start: 0, add: (t, s) => t + s, end: (t, n) => t / n };

/** Σ s: what all of the channel's weights are worth together. */
export const sum: Aggregate = { name: 'sum', start: 0, add: (t, s) => t + s, end: (t) => t };

/** The best single weight decides. */
export const max: Aggregate = { name: 'max', start: -Infinity, add: Math.max, end: (t) => t };

/** √Σ s²: of magnitudes, the filter norm of arXiv:1608.03665. Signed scores are refused. */
export const l2: Aggregate = { name: 'l2', start: 0, squares: true, add: (t, s) => t + s * s, end: Math.sqrt };

/** Makes the channel scores of one weight comparable with those of another. */
export type Normalise = (scores: Float64Array) => Float64Array;

/** In units of the mean |score|: a layer of large weights is worth no more than one of small ones. All zeros stay zeros. */
export const byMean: Normalise = (scores) => {
  const total = scores.reduce((sum, score) => sum + Math.abs(score), 0) / scores.length;
  return total > 0 ? scores.map((score) => score / total) : scores;
};

/** In units of the largest |score|. */
export const byMax: Normalise = (scores) => {
  const most = scores.reduce((top, score) => Math.max(top, Math.abs(score)), 0);
  return most > 0 ? scores.map((score) => score / most) : scores;
};

/** As the scorer gave them: for scores that compare across layers by themselves, such as a change of the loss. */
export const asScored: Normalise = (scores) => scores;
