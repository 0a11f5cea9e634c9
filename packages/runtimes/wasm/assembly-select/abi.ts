// Written by scripts/build-abi.mjs from abi/table.cjs; not to be edited.

/** Scores in a chunk. */
export const CHUNK: i32 = 32768;

/** The scores of a chunk. */
export const SCORES: usize = 0;

/** Keys strictly inside the bracket, with room for one store past the end. */
export const INSIDE: usize = 131072;

/** One bit a score. */
export const BITS: usize = 262160;

/** A ChunkCounts. */
export const COUNTS: usize = 266272;

/** For each of 16 patterns of four lanes, the shuffle that moves the chosen ones to the front. */
export const SHUFFLES: usize = 266288;

/** What was counted in one chunk. */
@unmanaged
export class ChunkCounts {
  /** Keys below low. */
  below: i32;
  /** Keys above low. */
  over: i32;
  /** Keys above high. */
  above: i32;
  /** The largest magnitude's bits. */
  largest: i32;
}
