import { sayings } from '@espalier/core';

/** What OBS says of kernels and data. */
export const NOTES = {
  'few-rows':
    '{id}: {rows} rows of calibration data for {inputs} inputs, too few to tell them apart; give at least {least}',
  'dead-input': '{id}: {count} of its inputs is zero in all calibration data',
  'dead-inputs': '{id}: {count} of its inputs are zero in all calibration data',
  'singular-hessian': '{id}: its Hessian is singular, dampened by {damping} of its mean diagonal to solve with it',
  'step-loss-not-finite':
    'obs: the loss of step {step} of {steps} along the labels is not finite; kept the values before it',
  'data-loss-not-finite':
    'OBS: the loss of the calibration data must be finite, got {value}; check the weights, the labels, and that the data is normalised as in training',
  'no-loss': 'obs: the model has no loss, so weights are fitted to what its layers compute, not to the labels',
  'inputs-not-finite':
    "the activations that enter '{id}' must be finite, got others; check the weights, and that the data is normalised as in training",
} as const;

export const say = sayings(NOTES);
