export * from './contracts.js';
export * from './errors.js';
export * from './bits.js';
export * from './counting.js';
export * from './random.js';
