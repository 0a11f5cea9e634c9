import { sayings } from '@espalier/core';

/** What block pruning says of kernels. */
export const NOTES = {
  'dense-no-block-axes': '{id} stays dense: it has no input and output axis for {block} blocks',
  'dense-small': '{id} stays dense: it is smaller than a {block} block',
  'dense-block-tail': '{id}: the last {rest} {axis} stay dense, {block} blocks do not divide them',
  inputs: 'inputs',
  outputs: 'outputs',
} as const;

export const say = sayings(NOTES);
