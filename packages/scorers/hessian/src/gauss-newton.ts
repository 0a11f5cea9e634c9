import { checkSamples, type Batch, type Scorer } from '@espalier/core';
import { tensor2d } from '@tensorflow/tfjs-core';
import { diagonalScores } from './diagonal-scores.js';
import { probabilities } from './probabilities.js';
import { forEachSample, type SampleOptions } from './samples.js';
import { SquaredGradients } from './squared-gradients.js';

/** A sample costs one pass per class, so fewer of them: each already averages over all labels. */
export const GAUSS_NEWTON_DEFAULTS = { samples: 128 };

/**
 * Second-order saliency ½·w²·G_ww with the exact diagonal of the Gauss-Newton matrix of softmax cross-entropy,
 * G = (1/n) Σₛ Jᵀ(diag p − ppᵀ)J with J = ∂logits/∂w, which is also the true Fisher (arXiv:1412.1193).
 *
 * Worked out from first-order gradients as Σ_c p_c·(∂(−log p_c)/∂w)², one backward pass per class c with c as the label:
 * ∂(−log p_c)/∂w = Jᵀ(p − e_c), and Σ_c p_c·(p − e_c)(p − e_c)ᵀ = diag p − ppᵀ. The true labels are not used. Samples are
 * taken one at a time, so the scores do not depend on the batch size; parameters without a gradient get no opinion.
 *
 * Throws a UsageError with code 'output-unsupported' unless the model's output is probabilities or logits of shape
 * [n, classes], and otherwise what `empiricalFisher` throws.
 */
export function gaussNewton(options: SampleOptions = {}): Scorer {
  const { samples } = { ...GAUSS_NEWTON_DEFAULTS, ...options };
  const name = 'gauss-newton';
  checkSamples(samples, name);
  return {
    name,
    async score({ model, batches }) {
      const squares = new SquaredGradients(model, name);
      const seen = await forEachSample(batches, samples, name, async (sample, index) => {
        const p = await probabilities(model, sample, index, name);
        for (let label = 0; label < p.length; label++) {
          // An exact zero adds nothing, and −log 0 has no gradient.
          if (p[label] > 0) await addLabel(squares, sample, label, p, index);
        }
      });
      return diagonalScores(model, squares.mean(seen), name);
    },
  };
}

async function addLabel(
  squares: SquaredGradients,
  { x }: Batch,
  label: number,
  p: Float64Array,
  index: number,
): Promise<void> {
  const y = tensor2d(
    Float32Array.from(p, (_, c) => (c === label ? 1 : 0)),
    [1, p.length],
  );
  try {
    await squares.add({ x, y }, p[label], index);
  } finally {
    y.dispose();
  }
}
