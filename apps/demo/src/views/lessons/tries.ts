import type { Settings } from '../../settings.js';
import type { LessonName } from './pictures.js';

const PLAIN = { cut: 'unstructured', scorer: 'magnitude', scope: 'global' } as const;
const HALF = { sparsity: 0.5, scorer: 'magnitude', scope: 'global' } as const;

/** What the buttons of each lesson choose, in the order of their labels; the live page shows what comes of it. */
export const TRIES: Readonly<Record<LessonName, readonly Partial<Settings>[]>> = {
  why: [0, 0.5, 0.9, 0.98].map((sparsity) => ({ ...PLAIN, sparsity })),
  granularity: [
    { ...HALF, cut: 'unstructured' },
    { ...HALF, cut: 'nm', pattern: '2:4' },
    { ...HALF, cut: 'block' },
    { ...HALF, cut: 'structured' },
  ],
  saliency: (['random', 'magnitude', 'gradient', 'hessian'] as const).map((scorer) => ({
    ...PLAIN,
    scorer,
    sparsity: 0.8,
  })),
  scope: (['global', 'local'] as const).map((scope) => ({ ...PLAIN, scope, sparsity: 0.9 })),
  tuning: [0, 1, 3].map((epochs) => ({ epochs })),
};
