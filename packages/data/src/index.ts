export { BATCH_DEFAULTS } from './defaults.js';
export * from './arrays.js';
export * from './batches.js';
export { checkDataset, type Dataset } from './dataset.js';
