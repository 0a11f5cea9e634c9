import { ADAPTER_NOTES } from '@espalier/adapter-kit';
import { sayings } from '@espalier/core';

/** What is said of layers; a clause with which or whose follows the name of a layer. */
export const NOTES = {
  'a-norm': '{name} of a {what}',
  'unknown-layer': 'the layer class {what} is not known, its weights are left alone',
  'other-type': 'its values are {type}, only float32 is pruned',
  'an-embedding': 'an embedding is looked up, not multiplied: zeros in it save no arithmetic',
  'layer-not-followed': 'it is a weight of the layer class {what}, which is not followed',

  'model-input': "the model's input {what}",
  'made-by': 'what {what} makes',
  meets: 'meets {from} in {what}',
  'meets-call': "meets at '{id}' channels that stay, in another call of the layer",
  'mixed-axis': 'lie along an axis that {what} mixes',
  spread: 'is spread over all channels by {what}',
  'unknown-activation': '{what} applies {name}, which is not known to keep channels apart',
  'not-followed-inside': 'through whose inside channels are not followed',
  'zero-epsilon': 'whose epsilon is 0',
  normalises: 'which normalises axis {number} of {axes}',
  'mean-mixes': 'whose mean and variance mix channels',
  'as-indices': 'which reads channels as indices',
  'first-state': 'which takes its first state from another layer',
} as const;

export const say = sayings({ ...ADAPTER_NOTES, ...NOTES });
