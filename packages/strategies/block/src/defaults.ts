/** What is taken where nothing else is asked for, in a file of its own: whoever lists options loads no more than this. */
export const BLOCK_DEFAULTS = { outputs: 4, inputs: 1, scope: 'global', tail: 'error' } as const;
