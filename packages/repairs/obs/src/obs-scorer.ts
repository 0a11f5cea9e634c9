import { checkFiniteScores, type Scorer, scoresInMemory } from '@espalier/core';
import { getBackend } from '@tensorflow/tfjs-core';
import { traceScores } from './exact.js';
import { type HessianOptions, kernelsOf, layerHessians, type LayerHessian } from './hessians.js';
import { createLinear, padded } from './linear.js';
import { OBS_SCORER_DEFAULTS } from './defaults.js';

export interface ObsScorerOptions extends HessianOptions {
  /** Above this many multiplications, about rows · inputs³/6, a kernel's scores are w²/(2·[H⁻¹]_pp) without traces. */
  readonly work?: number;
}

/**
 * Optimal Brain Surgeon with layer-wise Hessians: by how much the squared error of a layer's outputs grows when a weight goes
 * and the others of its row make up for it, at the time when ExactOBS removes it (OBC, arXiv:2208.11580). Meant for
 * `unstructured({ scope: 'global' })`, which then chooses among all rows' traces, and for `obsRepair()`, which sets the values.
 * Needs calibration data, no labels.
 *
 * Kernels whose inputs the model does not offer get no opinion, and a note says so. Throws a UsageError with code 'data-missing',
 * an InputError with code 'data-empty', 'inputs-not-finite', 'score-not-finite' or 'score-param'.
 */
export function obsScorer(options: ObsScorerOptions = {}): Scorer {
  const { work, ...rest } = { ...OBS_SCORER_DEFAULTS, ...options };
  return {
    name: 'obs',
    async score(context) {
      const linear = await createLinear();
      const { layers, notes } = await layerHessians(linear, context, kernelsOf(context.model), rest);
      const scores = new Map<string, Float32Array>();
      for (const [id, layer] of layers) {
        const values = await context.model.read(id);
        const { blocks, outputs, inputs } = layer.layout;
        const isSmall = (blocks * outputs * inputs ** 3) / 6 <= work;
        scores.set(id, isSmall ? traceScores(linear, layer, values) : saliencies(linear, layer, values));
        checkFiniteScores(id, scores.get(id)!);
      }
      return scoresInMemory('obs', scores, { backend: getBackend(), notes });
    },
  };
}

/** w²/(2·[H⁻¹]_pp) by itself. */
function saliencies(
  linear: Awaited<ReturnType<typeof createLinear>>,
  { layout, hessians }: LayerHessian,
  values: Float32Array,
): Float32Array {
  const scores = new Float32Array(values.length);
  hessians.forEach((hessian, block) => {
    const inverse = linear.invert(hessian)!;
    for (let output = 0; output < layout.outputs; output++) {
      for (let input = 0; input < layout.inputs; input++) {
        const at = layout.at(block, output, input);
        scores[at] = values[at] ** 2 / (2 * inverse.values[input * (padded(layout.inputs) + 1)]);
      }
    }
  });
  return scores;
}
