export * from './structured.js';
export * from './unit-scores.js';
