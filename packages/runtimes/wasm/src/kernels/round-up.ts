/** Bytes. */
export const CACHE_LINE = 64;

export const roundUp = (n: number, to: number) => Math.ceil(n / to) * to;
