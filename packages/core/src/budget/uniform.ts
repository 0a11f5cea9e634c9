import { apportion } from './apportion.js';
import { cutEach, type Share, sliceSize, total } from './share.js';

/** The same fraction of every parameter: count · nᵢ / Σn each, in whole numbers that add up (largest remainders). */
export const uniformShare = (): Share => ({
  name: 'uniform',
  cut(contestants, count) {
    const sizes = contestants.map(sliceSize);
    const all = total(sizes);
    return cutEach(
      contestants,
      apportion(
        sizes.map((n) => (all > 0 ? (count * n) / all : 0)),
        sizes,
        count,
      ),
    );
  },
});
