/** What is taken where nothing else is asked for, in a file of its own: whoever lists options loads no more than this. */
export const NM_DEFAULTS = { keep: 2, group: 4, tail: 'error', transposable: false } as const;

export const PERMUTATION_DEFAULTS = { keep: 2, group: 4, moves: 2000, seed: 0 };
