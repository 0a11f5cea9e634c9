import {
  checkSamples,
  checkFiniteScores,
  type PrunableModel,
  type Scorer,
  scoresInMemory,
  show,
  UsageError,
  lossNotFinite,
} from '@espalier/core';
import { say } from './notes.js';
import { getBackend } from '@tensorflow/tfjs-core';
import { forEachSample, type SampleOptions } from './samples.js';

export interface BlockFisherOptions extends SampleOptions {
  /** Weights a block: neighbours in memory, which for a dense kernel [in, out] are the weights of few inputs. */
  readonly block?: number;
  /** λ of F + λ·I. */
  readonly damping?: number;
}

export const BLOCK_FISHER_DEFAULTS = { samples: 256, block: 50, damping: 1e-5 };

/**
 * OBS saliency w²/(2·[F⁻¹]_ww) with the block-diagonal empirical Fisher F = λ·I + (1/n) Σ g·gᵀ, inverted sample by sample by
 * Woodbury's identity: F⁻¹ −= F⁻¹g·gᵀF⁻¹/(n + gᵀF⁻¹g) (WoodFisher, arXiv:2004.14340). Unlike the diagonal, it knows which weights
 * stand in for each other within a block.
 *
 * Holds block · 8 bytes per weight while it works. Fewer samples than weights in a block are said in a note. Throws a UsageError with code 'samples', 'block' or 'damping', and otherwise
 * what `empiricalFisher` throws.
 */
export function blockFisher(options: BlockFisherOptions = {}): Scorer {
  const { samples, block, damping } = { ...BLOCK_FISHER_DEFAULTS, ...options };
  const name = 'block-fisher';
  checkSamples(samples, name);
  if (!(Number.isInteger(block) && block > 0)) throw usage('block', 'a positive integer', block);
  if (!(damping > 0 && Number.isFinite(damping))) throw usage('damping', 'a number above 0', damping);
  return {
    name,
    async score({ model, batches }) {
      const count = await countSamples(batches, samples, name);
      const inverses = new Map<string, Float64Array[]>();
      await forEachSample(batches, samples, name, async (sample, index) => {
        const { loss, grads } = await model.gradients(sample);
        try {
          if (!Number.isFinite(loss)) throw lossNotFinite(name, 'sample', index, loss);
          for (const { id } of model.params) {
            if (!grads[id]) continue;
            const gradient = await grads[id].data<'float32'>();
            const blocks = inverses.get(id) ?? startBlocks(gradient.length, block, damping);
            inverses.set(id, blocks);
            blocks.forEach((inverse, i) => downdate(inverse, gradient.subarray(i * block, (i + 1) * block), count));
          }
        } finally {
          for (const grad of Object.values(grads)) grad.dispose();
        }
      });
      const scores = new Map<string, Float32Array>();
      for (const [id, blocks] of inverses) scores.set(id, await saliencies(model, id, blocks, block));
      const largest = Math.min(block, Math.max(...Array.from(inverses.values(), ([first]) => Math.sqrt(first.length))));
      return scoresInMemory(name, scores, {
        backend: getBackend(),
        ...(count < largest && {
          notes: [say('few-samples', { scorer: name, samples: count, block: largest, least: largest })],
        }),
      });
    },
  };
}

async function countSamples(
  batches: Parameters<typeof forEachSample>[0],
  samples: number,
  name: string,
): Promise<number> {
  let count = 0;
  for await (const { x } of batches()) {
    count += x.shape[0];
    if (count >= samples) break;
  }
  if (count === 0) return forEachSample(batches, samples, name, async () => undefined);
  return Math.min(count, samples);
}

/** Identity / λ, block by block; the last block may be smaller. */
function startBlocks(size: number, block: number, damping: number): Float64Array[] {
  return Array.from({ length: Math.ceil(size / block) }, (_, i) => {
    const side = Math.min(block, size - i * block);
    const inverse = new Float64Array(side * side);
    for (let k = 0; k < side; k++) inverse[k * side + k] = 1 / damping;
    return inverse;
  });
}

function downdate(inverse: Float64Array, g: Float32Array, samples: number): void {
  const side = g.length;
  const product = new Float64Array(side);
  let form = samples;
  for (let i = 0; i < side; i++) {
    let sum = 0;
    for (let j = 0; j < side; j++) sum += inverse[i * side + j] * g[j];
    product[i] = sum;
    form += sum * g[i];
  }
  for (let i = 0; i < side; i++) {
    const factor = product[i] / form;
    if (factor !== 0) for (let j = 0; j < side; j++) inverse[i * side + j] -= factor * product[j];
  }
}

async function saliencies(
  model: PrunableModel,
  id: string,
  blocks: readonly Float64Array[],
  block: number,
): Promise<Float32Array> {
  const weights = await model.read(id);
  const scores = weights.map((w, i) => {
    const inverse = blocks[Math.floor(i / block)];
    const side = Math.sqrt(inverse.length);
    return (w * w) / (2 * inverse[(i % block) * (side + 1)]);
  });
  checkFiniteScores(id, scores);
  return scores;
}

function usage(option: string, wanted: string, found: number): UsageError {
  return new UsageError(option, `block-fisher: ${option} must be ${wanted}, got ${show(found)}`, {
    where: option,
    wanted,
    found: String(found),
  });
}
