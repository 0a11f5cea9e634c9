import type { MaskHandle, Param, PrunableModel } from '@espalier/core';
import { dispose, type NamedTensorMap, type Optimizer } from '@tensorflow/tfjs-core';
import type { Gradients } from './rule.js';

/**
 * One optimizer step that keeps every mask; returns the mean loss before it. `check` may throw on that loss, and then the
 * weights stay as they were.
 */
export async function trainStep(
  model: PrunableModel,
  params: readonly Param[],
  gradients: () => Promise<Gradients>,
  optimizer: Optimizer,
  handles: readonly MaskHandle[],
  check: (loss: number) => void,
): Promise<number> {
  const { loss, grads } = await gradients();
  let masked: NamedTensorMap = grads;
  try {
    check(loss);
    for (const handle of handles) {
      const next = handle.maskGradients(masked);
      dispose(masked);
      masked = next;
    }
    // Optimizers know variables by name, and keep their moments by position: the order must be the same in every step.
    const named = params.flatMap(({ id }) =>
      masked[id] ? [{ name: model.variable(id).name, tensor: masked[id] }] : [],
    );
    optimizer.applyGradients(named);
    return loss;
  } finally {
    dispose(masked);
    // Also when something threw: the pass itself moves batch-norm statistics.
    for (const handle of handles) handle.apply();
  }
}
