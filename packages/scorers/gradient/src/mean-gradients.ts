import { checkGradients, type Context, dataEmpty, lossNotFinite } from '@espalier/core';

/**
 * The gradient of the mean loss over all calibration samples, one array per parameter that has one: batch means weighted by
 * batch size. Summed in float64 on the CPU, because signed gradients of a trained network nearly cancel, and float32 sums
 * would then depend on the order and the size of the batches; one download per parameter and batch costs little beside
 * the backward pass. No tensor outlives its batch.
 *
 * Throws an InputError with code 'data-empty', 'loss-not-finite' or 'gradient-not-finite'.
 */
export async function meanGradients({ model, batches }: Context): Promise<Map<string, Float64Array>> {
  const sums = new Map<string, Float64Array>();
  let samples = 0;
  let index = 0;
  for await (const batch of batches()) {
    const size = batch.x.shape[0];
    const { loss, grads } = await model.gradients(batch);
    try {
      if (!Number.isFinite(loss)) throw lossNotFinite('gradient', 'batch', index, loss);
      for (const { id } of model.params) if (grads[id]) add(sums, id, await grads[id].data<'float32'>(), size);
    } finally {
      for (const grad of Object.values(grads)) grad.dispose();
    }
    samples += size;
    index++;
  }
  if (samples === 0) throw dataEmpty('gradient');
  for (const [id, sum] of sums) {
    for (let i = 0; i < sum.length; i++) sum[i] /= samples;
    checkGradients('gradient', id, sum);
  }
  return sums;
}

function add(sums: Map<string, Float64Array>, id: string, grad: Float32Array, weight: number): void {
  const sum = sums.get(id) ?? new Float64Array(grad.length);
  sums.set(id, sum);
  for (let i = 0; i < sum.length; i++) sum[i] += weight * grad[i];
}
