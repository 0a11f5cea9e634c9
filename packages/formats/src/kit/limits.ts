/** Largest and deepest JSON that is read, unless told otherwise. */
export const READ_DEFAULTS = { maxJsonBytes: 2 ** 28, maxDepth: 999 };
