import type { Scores } from './contracts.js';
import { InputError, show } from './errors.js';

/**
 * Scores that are in memory, by parameter; `scorer` is whose they are. Each `read` gives a copy, and throws an InputError with code
 * 'score-param' for a parameter that has none.
 */
export function scoresInMemory(
  scorer: string,
  scores: ReadonlyMap<string, Float32Array>,
  more: Pick<Scores, 'backend' | 'notes'> = {},
): Scores {
  return {
    ...more,
    params: [...scores.keys()],
    async read(id) {
      const found = scores.get(id);
      if (found) return found.slice();
      const fix = 'leave it out with --ignore';
      throw new InputError('score-param', `${scorer} has no scores for the parameter ${show(id)}; ${fix}`, {
        where: id,
        fix,
      });
    },
  };
}
