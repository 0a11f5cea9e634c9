export * from './magnitude.js';
export * from './random.js';
