export { enableTraining } from './enable.js';
export {
  accelerate,
  ACCELERATE_DEFAULTS,
  type AcceleratedLayer,
  type AccelerateOptions,
  type Acceleration,
} from './sparse/accelerate.js';
export type { Accelerable } from './sparse/weights.js';
