import type { Settings } from '../../settings.js';
import type { LessonName } from './pictures.js';

const PLAIN = { strategy: 'unstructured', scorer: 'magnitude', scope: 'global' } as const;
const HALF = { sparsity: 0.5, scorer: 'magnitude', scope: 'global' } as const;

/** What the buttons of each lesson choose, in the order of their labels; the live page shows what comes of it. */
export const TRIES: Readonly<Record<LessonName, readonly Partial<Settings>[]>> = {
  why: [0, 0.5, 0.9, 0.98].map((sparsity) => ({ ...PLAIN, sparsity })),
  granularity: [
    { ...HALF, strategy: 'unstructured' },
    { ...HALF, strategy: 'nm', keep: 2, group: 4 },
    { ...HALF, strategy: 'block' },
    { ...HALF, strategy: 'structured' },
  ],
  saliency: (['random', 'magnitude', 'gradient', 'hessian'] as const).map((scorer) => ({
    ...PLAIN,
    scorer,
    sparsity: 0.8,
  })),
  scope: (['global', 'local'] as const).map((scope) => ({ ...PLAIN, scope, sparsity: 0.9 })),
  tuning: [0, 1, 3].map((fineTune) => ({ fineTune })),
};
