import { selectLowest } from '../selection.js';
import type { Share } from './share.js';

/** One threshold for all parameters: the lowest scores of the whole network go. */
export const globalShare = (): Share => ({
  name: 'global',
  async cut(contestants, count) {
    const cut = await selectLowest(contestants, count);
    return contestants.map(() => cut);
  },
});
