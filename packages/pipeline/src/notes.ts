import { sayings } from '@espalier/core';

/** What the pipeline says of models, budgets and trials. */
export const NOTES = {
  'not-finite': 'holds NaN or infinities',
  'left-alone': '{id} is left alone: {why}',
  'tuning-diverged': 'the loss is {value} after {epochs} epochs of fine-tuning; use a lower learning rate',
  'no-norms': 'the model has no batch norm with statistics of its own, so nothing was estimated again',
  'nothing-to-permute': 'no channels of this model may change places; {fix}',
  'nothing-to-permute-as': 'no channels of this model may change places ({why}); {fix}',
  'budget-undercut': 'the budget of {asked} is met with {found}: nothing that went would fit again',
  'budget-missed': 'the budget of {asked} is missed: {found} when measured once more',
  'share-of': '{share} of the {what}',
  params: 'parameters',
  macs: 'MACs',
  bytes: 'bytes',
  'kernels-used': "{backend}: pruned models run on {kernels}, the dense model on TensorFlow.js's own kernels",
} as const;

export const say = sayings(NOTES);

/** What a comparison says of a backend on which pruned models run on kernels of ours. */
export const kernelsNote = (backend: string) =>
  say('kernels-used', { backend, kernels: `@espalier/kernels-${backend}` });
