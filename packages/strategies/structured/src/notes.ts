import { sayings } from '@espalier/core';

/** What the pruning of channels and branches says of models. */
export const NOTES = {
  'channels-impossible':
    'sparsity {sparsity} of {total} channels is too much: {why}, which leaves {size} to remove; use a sparsity of at most {most}',
  'one-of-each': 'each of the {count} groups keeps at least one',
  'floors-keep': 'floors and rounding keep {count}',
  'by-budget': 'the budget leaves it alone',
  'no-branch': 'no residual branch',
} as const;

export const say = sayings(NOTES);
