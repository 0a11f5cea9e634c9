import { sayings } from '@espalier/core';

/** What adapters of every kind say of parameters, channels and layers. */
export const NOTES = {
  'runs-through': 'runs through {id}, which {why}',
  'model-output': 'model output',
  'a-bias': 'a bias',
  'no-weights': 'no weights',
  'no-kernel': 'no kernel',
  'is-no-kernel': 'it is no kernel',

  feeds: 'feeds {what}, {why}',
  'mixes-channels': 'which mixes channels',
  'not-followed-through': 'through which channels are not followed',
  'lays-out': 'which lays channels out so that they cannot be followed',
  'other-count': "axis {number} of '{id}' has {size} entries for {count} channels",
} as const;

export const say = sayings(NOTES);
