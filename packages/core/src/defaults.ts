/** What is taken where nothing else is asked for, in a file of its own: whoever lists options loads no more than this. */
export const PRUNE_DEFAULTS = { sparsity: 0.5 };
