import { sayings } from '@espalier/core';

/** What the page says of its own measurements. */
export const NOTES = {
  'brotli-quality': 'brotli at quality {quality}; the command line compresses at {other}',
} as const;

export const say = sayings(NOTES);
