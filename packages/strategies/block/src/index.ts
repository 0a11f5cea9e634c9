export * from './block.js';
