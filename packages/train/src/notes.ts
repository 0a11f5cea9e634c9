import { sayings } from '@espalier/core';

/** What training says of models and data. */
export const NOTES = {
  'loss-diverged':
    'the training loss is {value} in epoch {epoch} of {epochs}, step {step} of {steps}; use a smaller learning rate, and check that the data is normalised as the model expects',
  'weight-diverged':
    "a weight of '{id}' is {value} in epoch {epoch} of {epochs}, step {step} of {steps}; use a smaller learning rate, and check that the data is normalised as the model expects",
  'not-compensated': '{id}: not compensated, {why}',
  'no-bias': 'it has no bias',
  'inputs-not-followed': 'its inputs are not followed',
  'no-data': 'there is no data',
} as const;

export const say = sayings(NOTES);
