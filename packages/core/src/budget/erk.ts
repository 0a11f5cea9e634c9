import { checkCount } from '../counting.js';
import { sizeOf } from '../shape.js';
import { apportion } from './apportion.js';
import { cutEach, type Share, sliceSize, total } from './share.js';

/**
 * The densities of Erdős–Rényi–Kernel (arXiv:1911.11134): dᵢ = ε·(Σ shapeᵢ / Π shapeᵢ), with ε such that `kept` entries are
 * left in all. Parameters whose density would exceed 1 stay dense, and ε is solved again for the others.
 * Throws a UsageError with code 'prune-count' where so many cannot be kept.
 */
export function erkDensities(shapes: readonly (readonly number[])[], kept: number): number[] {
  const sizes = shapes.map((shape) => sizeOf(shape));
  checkCount(Math.round(kept), total(sizes));
  const raw = shapes.map((shape, i) => (sizes[i] > 0 ? total(shape) / sizes[i] : 0));
  const dense = new Set<number>();
  for (;;) {
    const inDense = total([...dense].map((i) => sizes[i]));
    const divisor = total(raw.map((density, i) => (dense.has(i) ? 0 : density * sizes[i])));
    const epsilon = divisor > 0 ? Math.max(0, kept - inDense) / divisor : 0;
    const over = raw.flatMap((density, i) => (!dense.has(i) && epsilon * density > 1 ? [i] : []));
    if (over.length === 0) return raw.map((density, i) => (dense.has(i) ? 1 : epsilon * density));
    over.forEach((i) => dense.add(i));
  }
}

/** Small and square parameters keep more, large ones less; within each the lowest scores go. */
export const erkShare = (): Share => ({
  name: 'erk',
  cut(contestants, count) {
    const sizes = contestants.map(sliceSize);
    const densities = erkDensities(
      contestants.map(({ param }) => param.shape),
      total(sizes) - count,
    );
    const quotas = densities.map((density, i) => (1 - density) * sizes[i]);
    return cutEach(contestants, apportion(quotas, sizes, count));
  },
});
