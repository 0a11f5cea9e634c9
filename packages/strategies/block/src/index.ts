export { BLOCK_DEFAULTS } from './defaults.js';
export * from './block.js';
