import { sayings } from '@espalier/core';

/** What measuring says of models. */
export const NOTES = {
  'output-nan': "the model's output for sample {sample} is NaN; check the weights and the normalisation of the data",
} as const;

export const say = sayings(NOTES);
