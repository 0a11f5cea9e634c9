/**
 * What packages of kernels share: which weights a model has, what the arguments of TensorFlow.js's convolutions and matrix products
 * come to, how a kernel is put before a registered one, and what `accelerate()` gives back.
 */
export type { AcceleratedLayer, AccelerateOptions, Acceleration } from './acceleration.js';
export { accelerationOf, type Prepared, type Runs } from './accelerated.js';
export type { Activation } from './activation.js';
export { type Call, type Memo, READINGS, type Reading, type Sizes } from './calls.js';
export { decide, type Race } from './decide.js';
export { type Geometry, geometryOf, isProduct, pixelsOf, product, simplified, tapsOf } from './geometry.js';
export { checkMinSparsity } from './min-sparsity.js';
export { type Attempt, type KernelArguments, override, replaceGradient, replaceKernel } from './override.js';
export { type OwnedLayers, ownedLayers, type Sessions, sessionsOf, watchDisposal } from './sessions.js';
export { type Accelerable, type Weight, weightReader, weightsOf } from './weights.js';
export { wrapMethod } from './wrap-method.js';
