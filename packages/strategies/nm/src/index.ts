export * from './nm.js';
export * from './permutation-search.js';
export * from './permute.js';
