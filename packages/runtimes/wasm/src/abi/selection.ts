// Written by scripts/build-abi.mjs from abi/table.cjs; not to be edited.

/** Scores in a chunk. */
export const CHUNK = 32768;

/** The scores of a chunk. */
export const SCORES = 0;

/** Keys strictly inside the bracket, with room for one store past the end. */
export const INSIDE = 131072;

/** One bit a score. */
export const BITS = 262160;

/** A ChunkCounts. */
export const COUNTS = 266272;

/** For each of 16 patterns of four lanes, the shuffle that moves the chosen ones to the front. */
export const SHUFFLES = 266288;

/** What was counted in one chunk. */
export const CHUNK_COUNTS = ['below', 'over', 'above', 'largest'] as const;
