/**
 * What packages of kernels share: which weights a model has, what the arguments of TensorFlow.js's convolutions and matrix products
 * come to, how a kernel is put before a registered one, and what `accelerate()` gives back.
 */
export type { AcceleratedLayer, AccelerateOptions, Acceleration } from './acceleration.js';
export { accelerationOf, type Prepared, type Runs } from './accelerated.js';
export type { Activation } from './activation.js';
export { type Call, type Memo, READINGS, type Reading, type Sizes } from './calls.js';
export { comparison, decide, type Race } from './decide.js';
export { type Geometry, geometryOf, isProduct, pixelsOf, product, simplified, tapsOf } from './geometry.js';
export { hookWeights, type Known } from './hook-weights.js';
export {
  type Attempt,
  type KernelArguments,
  override,
  replaceGradient,
  replaceKernel,
  type Stock,
} from './override.js';
export { checkMinSparsity, internalsMoved, leftAlone, requireBackend, requireKernels } from './refusals.js';
export { type Owned, ownedByData, type Sessions, sessionsOf, watchDisposal } from './sessions.js';
export { sparsityOf } from './sparsity.js';
export { type Accelerable, type Weight, weightReader, weightsOf } from './weights.js';
export { wrapMethod } from './wrap-method.js';
