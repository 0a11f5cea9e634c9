export * from './count.js';
export * from './accuracy.js';
export { quantile, type Spread } from './quantile.js';
export * from './latency.js';
export * from './kernel-calls.js';
export type { Contender } from './calls.js';
export * from './latency-budget.js';
export * from './sensitivity.js';
export * from './sensitivity-budget.js';
