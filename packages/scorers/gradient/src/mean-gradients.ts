import { type Context, InputError, sentence } from '@espalier/core';

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
      if (!Number.isFinite(loss)) throw badLoss(loss, index);
      for (const { id } of model.params) if (grads[id]) add(sums, id, await grads[id].data<'float32'>(), size);
    } finally {
      for (const grad of Object.values(grads)) grad.dispose();
    }
    samples += size;
    index++;
  }
  if (samples === 0) {
    throw new InputError('data-empty', 'gradient: the calibration data has no sample; give at least one batch', {
      where: 'data',
      wanted: 'at least one sample',
      found: 'none',
    });
  }
  for (const [id, sum] of sums) {
    for (let i = 0; i < sum.length; i++) sum[i] /= samples;
    checkFinite(id, sum);
  }
  return sums;
}

function add(sums: Map<string, Float64Array>, id: string, grad: Float32Array, weight: number): void {
  const sum = sums.get(id) ?? new Float64Array(grad.length);
  sums.set(id, sum);
  for (let i = 0; i < sum.length; i++) sum[i] += weight * grad[i];
}

const FIX = 'check the weights, and that the data is normalised as in training';

function badLoss(loss: number, batch: number): InputError {
  const where = `calibration batch ${batch}`;
  return new InputError(
    'loss-not-finite',
    sentence('batch-loss-not-finite', { scorer: 'gradient', index: batch, value: loss }),
    {
      where,
      wanted: 'a finite loss',
      found: String(loss),
      fix: FIX,
    },
  );
}

function checkFinite(where: string, grads: Float64Array): void {
  const index = grads.findIndex((g) => !Number.isFinite(g));
  if (index < 0) return;
  const found = `${grads[index]} at index ${index}`;
  throw new InputError(
    'gradient-not-finite',
    sentence('gradient-not-finite', { scorer: 'gradient', id: where, value: grads[index], index }),
    {
      where,
      wanted: 'finite gradients',
      found,
      fix: FIX,
    },
  );
}
