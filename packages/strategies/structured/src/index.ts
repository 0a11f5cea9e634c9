export * from './structured.js';
export * from './unit-scores.js';
export * from './aggregate.js';
export * from './table.js';
export type { Limit, Limits } from './limits.js';
export * from './residual.js';
