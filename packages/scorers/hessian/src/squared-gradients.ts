import { type Batch, InputError, type PrunableModel, sentence } from '@espalier/core';

/**
 * Weighted sums of squared gradients, one float64 array per parameter that has some. On the CPU and in float64: squares of
 * small gradients leave float32's range (1e-20² is 0 there), and the sum does not depend on the backend.
 */
export class SquaredGradients {
  readonly sums = new Map<string, Float64Array>();

  constructor(
    private readonly model: PrunableModel,
    private readonly scorer: string,
  ) {}

  /** Adds weight · g² for the gradient g of the loss at one sample. */
  async add(sample: Batch, weight: number, index: number): Promise<void> {
    const { loss, grads } = await this.model.gradients(sample);
    try {
      if (!Number.isFinite(loss)) throw lossNotFinite(this.scorer, index, loss);
      const ids = this.model.params.map(({ id }) => id).filter((id) => grads[id]);
      const values = await Promise.all(ids.map((id) => grads[id].data<'float32'>()));
      ids.forEach((id, i) => this.#square(id, values[i], weight));
    } finally {
      for (const grad of Object.values(grads)) grad.dispose();
    }
  }

  #square(id: string, grad: Float32Array, weight: number): void {
    const sum = this.sums.get(id) ?? new Float64Array(grad.length);
    this.sums.set(id, sum);
    for (let i = 0; i < sum.length; i++) sum[i] += weight * grad[i] * grad[i];
  }

  /** The diagonal of the curvature: the sums divided by the number of samples. Ends the accumulation. */
  mean(samples: number): Map<string, Float64Array> {
    for (const [id, sum] of this.sums) {
      for (let i = 0; i < sum.length; i++) sum[i] /= samples;
      const bad = sum.findIndex((h) => !Number.isFinite(h));
      if (bad >= 0) throw gradientNotFinite(this.scorer, id, sum[bad], bad);
    }
    return this.sums;
  }
}

const FIX = 'check the weights, and that the data is normalised as in training';

export function lossNotFinite(scorer: string, index: number, value: number): InputError {
  return new InputError('loss-not-finite', sentence('sample-loss-not-finite', { scorer, index, value }), {
    where: `calibration sample ${index}`,
    wanted: 'a finite loss',
    found: String(value),
    fix: FIX,
  });
}

function gradientNotFinite(scorer: string, id: string, value: number, index: number): InputError {
  return new InputError('gradient-not-finite', sentence('gradient-not-finite', { scorer, id, value, index }), {
    where: id,
    wanted: 'a finite gradient',
    found: `${value} at index ${index}`,
    fix: FIX,
  });
}
