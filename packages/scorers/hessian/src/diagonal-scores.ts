import { checkFiniteScores, type PrunableModel, type Scores, scoresMissing } from '@espalier/core';
import { getBackend } from '@tensorflow/tfjs-core';

/** ½·w²·h for a diagonal h of the curvature, which is overwritten. Weights are those of now. */
export async function diagonalScores(
  model: PrunableModel,
  diagonal: ReadonlyMap<string, Float64Array>,
  scorer: string,
): Promise<Scores> {
  for (const [id, values] of diagonal) {
    const weights = await model.read(id);
    for (let i = 0; i < values.length; i++) values[i] *= 0.5 * weights[i] * weights[i];
    checkFiniteScores(id, values);
  }
  return {
    params: [...diagonal.keys()],
    backend: getBackend(),
    async read(id) {
      const values = diagonal.get(id);
      if (values) return Float32Array.from(values);
      throw scoresMissing(scorer, id);
    },
  };
}
