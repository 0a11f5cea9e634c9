import { sayings } from '@espalier/core';

/** What N:M says of kernels and channels. */
export const NOTES = {
  'dense-no-input-axis': '{id} stays dense: it has no input axis for {pattern}',
  'dense-short-axis':
    '{id} stays dense: its {axis} axis has {size} of the {group} entries that a group of {pattern} needs',
  'dense-tail': '{id}: the last {rest} of {size} {axis} stay dense, {pattern} does not divide them',
  input: 'input',
  output: 'output',
  inputs: 'inputs',
  outputs: 'outputs',
  'order-kept': 'the channels of {id} keep their order: {why}',
  'order-read-otherwise': '{id} reads them in another order',
  'order-few-channels': '{size} channels are no group of {group}',
  'order-not-aligned': 'the {size} channels do not line up with groups of {group} in {id}',
} as const;

export const say = sayings(NOTES);
