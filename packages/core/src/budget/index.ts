export * from './cost.js';
export * from './ledger.js';
