export * from './empirical-fisher.js';
export * from './gauss-newton.js';
export { empiricalFisher as hessian } from './empirical-fisher.js';
