import { sayings } from '@espalier/core';

/** What scoring by curvature says of models and data. */
export const NOTES = {
  'few-samples':
    '{scorer}: {samples} samples of calibration data for blocks of {block} weights, too few to tell them apart; give at least {least}',
  'output-unsupported':
    '{scorer} needs class probabilities or logits of shape [n, classes], under softmax cross-entropy, got {why}; use the empirical Fisher (hessian), which takes any loss',
  'of-shape': 'an output of shape [{shape}]',
  'of-neither': 'an output that is neither',
  'sample-output-not-finite':
    "{scorer}: the model's output for calibration sample {sample} must be finite, got {value} at class {index}; check the weights, and that the data is normalised as in training",
} as const;

export const say = sayings(NOTES);
