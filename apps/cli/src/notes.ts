import { sayings } from '@espalier/core';

/** What the command line says of devices and comparisons. */
export const NOTES = {
  'device-in-software': '{backend}: {device} computes in software; its times say nothing about a GPU',
  device: '{backend}: measured on {device}',
  'new-values': 'weights that stay have new values: {options}',
} as const;

export const say = sayings(NOTES);
