import { checkUnsigned } from '../scores.js';
import { checkFiniteScores, selectLowest } from '../selection.js';
import type { Share } from './share.js';

/**
 * LAMP (arXiv:2010.07611): uᵢ² / Σ over uⱼ² ≥ uᵢ² of uⱼ², for the scores u of one parameter. With magnitudes, the relative
 * error of pruning everything up to this weight. The largest has 1; equal ones share a score; zeros have 0.
 * Throws an InputError with code 'score-not-finite'; `where` is whose scores they are.
 */
export function lampScores(scores: Float32Array, where = 'scores'): Float32Array {
  checkFiniteScores(where, scores);
  const squares = Float64Array.from(scores, (score) => score * score);
  const order = Int32Array.from(squares, (_, i) => i).sort((a, b) => squares[b] - squares[a]);
  const result = new Float32Array(scores.length);
  let sum = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    const square = squares[order[start]];
    while (end < order.length && squares[order[end]] === square) end++;
    sum += square * (end - start);
    for (; start < end; start++) result[order[start]] = sum > 0 ? square / sum : 0;
  }
  return result;
}

/**
 * One threshold for all parameters on their LAMP scores: no parameter loses its largest score before the others do. Squares
 * would keep what is best gone, so scores below 0 are refused, by a UsageError with code 'scores-signed'.
 */
export const lampShare = (): Share => ({
  name: 'lamp',
  async cut(contestants, count) {
    const cut = await selectLowest(
      contestants.map((contestant) => ({
        ...contestant,
        async read() {
          const scores = await contestant.read();
          checkUnsigned('LAMP', contestant.id, scores);
          return lampScores(scores, contestant.id);
        },
      })),
      count,
    );
    // The threshold is on another scale than the scores that are shown.
    return contestants.map(() => ({ ...cut, threshold: null }));
  },
});
