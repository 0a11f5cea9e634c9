export * from './empirical-fisher.js';
export * from './gauss-newton.js';
export * from './hutchinson.js';
export * from './block-fisher.js';
export { empiricalFisher as hessian } from './empirical-fisher.js';
