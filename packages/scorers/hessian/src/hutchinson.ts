import { checkSamples, type Batch, type Scorer, seededRandom } from '@espalier/core';
import { tensor2d } from '@tensorflow/tfjs-core';
import { diagonalScores } from './diagonal-scores.js';
import { probabilities } from './probabilities.js';
import { forEachSample, type SampleOptions } from './samples.js';
import { SquaredGradients } from './squared-gradients.js';

export interface HutchinsonOptions extends SampleOptions {
  /** Random vectors for each sample. */
  readonly draws?: number;
  readonly seed?: number;
}

export const HUTCHINSON_DEFAULTS = { samples: 512, draws: 1, seed: 0 };

/**
 * Second-order saliency ½·w²·G_ww with Hutchinson's estimate of the Gauss-Newton diagonal in output space:
 * G_ww = E_u[((Jᵀ·H_L^½·u)_w)²] for u of independent ±1, where H_L = diag p − ppᵀ is the Hessian of softmax cross-entropy with
 * respect to the logits, and H_L^½·u = √p∘u − p·(√p·u). First-order gradients only: the gradient with respect to the logits
 * is p − y where y sums to 1, so the targets y = p − H_L^½·u make it H_L^½·u. One pass a draw, where `gaussNewton` needs one a
 * class; unbiased, and noisier. The true labels are not used.
 *
 * Throws what `gaussNewton` throws, and a UsageError with code 'samples' for draws that are no positive integer.
 */
export function hutchinson(options: HutchinsonOptions = {}): Scorer {
  const { samples, draws, seed } = { ...HUTCHINSON_DEFAULTS, ...options };
  const name = 'hutchinson';
  checkSamples(samples, name);
  checkSamples(draws, `${name}: draws`);
  return {
    name,
    async score({ model, batches }) {
      const random = seededRandom(seed);
      const squares = new SquaredGradients(model, name);
      const seen = await forEachSample(batches, samples, name, async (sample, index) => {
        const p = await probabilities(model, sample, index, name);
        for (let draw = 0; draw < draws; draw++) await addDraw(squares, sample, p, random, index, draws);
      });
      return diagonalScores(model, squares.mean(seen), name);
    },
  };
}

async function addDraw(
  squares: SquaredGradients,
  { x }: Batch,
  p: Float64Array,
  random: () => number,
  index: number,
  draws: number,
): Promise<void> {
  const u = p.map(() => (random() < 0.5 ? -1 : 1));
  const mean = p.reduce((sum, v, c) => sum + Math.sqrt(v) * u[c], 0);
  const y = tensor2d(
    Float32Array.from(p, (v, c) => v - (Math.sqrt(v) * u[c] - v * mean)),
    [1, p.length],
  );
  try {
    await squares.add({ x, y }, 1 / draws, index);
  } finally {
    y.dispose();
  }
}
