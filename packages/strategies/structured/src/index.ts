export { mostSparsity, structured, STRUCTURED_DEFAULTS, type StructuredOptions } from './structured.js';
export { type UnitScoreOptions } from './unit-scores.js';
export { type Aggregate, asScored, byMax, byMean, l2, max, mean, type Normalise, sum } from './aggregate.js';
export { type Table, tableSparsity } from './table.js';
export type { Limit, Limits } from './limits.js';
export { residual, RESIDUAL_DEFAULTS, type ResidualOptions } from './residual.js';
