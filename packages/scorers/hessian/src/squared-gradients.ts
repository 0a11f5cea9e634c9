import { type Batch, checkGradients, lossNotFinite, type PrunableModel } from '@espalier/core';

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
      if (!Number.isFinite(loss)) throw lossNotFinite(this.scorer, 'sample', index, loss);
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
      checkGradients(this.scorer, id, sum);
    }
    return this.sums;
  }
}
