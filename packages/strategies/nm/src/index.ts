export { NM_DEFAULTS, PERMUTATION_DEFAULTS } from './defaults.js';
export * from './nm.js';
export * from './permutation-search.js';
export * from './permute.js';
