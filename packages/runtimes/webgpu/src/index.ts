export { accelerate, ACCELERATE_DEFAULTS, type AccelerateOptions, type Acceleration, KERNELS } from './accelerate.js';
export type { Accelerable, AcceleratedLayer } from '@espalier/kernels-kit';
