import { InputError, type Note, type Param, type PrunableModel } from '@espalier/core';
import { say } from './notes.js';

export interface Where {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
}

const FIX = 'use a smaller learning rate, and check that the data is normalised as the model expects';

export function checkLoss(loss: number, where: Where): void {
  if (!Number.isFinite(loss)) throw diverged(say('loss-diverged', { value: loss, ...where }), loss, where);
}

/** A gradient that overflows spoils the weights, and the next loss shows it; after an epoch's last step there is none. */
export async function checkWeights(model: PrunableModel, params: readonly Param[], where: Where): Promise<void> {
  for (const { id } of params) {
    const weights = await model.variable(id).data();
    for (const weight of weights)
      if (!Number.isFinite(weight))
        throw diverged(say('weight-diverged', { id, value: weight, ...where }), weight, where);
  }
}

function diverged(message: Note, value: number, { epoch, epochs, step, steps }: Where): InputError {
  const where = `epoch ${epoch} of ${epochs}, step ${step} of ${steps}`;
  return new InputError('loss-diverged', message, {
    where,
    wanted: 'a finite loss',
    found: String(value),
    fix: FIX,
  });
}
