/**
 * An estimate of what one prediction costs: every multiply-add that is left, and every weight that is left fetched once from
 * on-chip memory. Energies of a 45 nm chip at 0.9 V: M. Horowitz, "Computing's energy problem (and what we can do about it)",
 * ISSCC 2014: a float32 product 3.7 pJ, a sum 0.9 pJ; 32 bits from an 8 kB cache 5 pJ.
 */
export const MAC_PJ = 3.7 + 0.9;
export const LOAD_PJ = 5;

/** Picojoule. */
export const energyOf = (macs: number, weights: number) => macs * MAC_PJ + weights * LOAD_PJ;
