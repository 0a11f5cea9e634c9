export { accelerate, ACCELERATE_DEFAULTS, type Acceleration, type WasmOptions } from './accelerate/accelerate.js';
export type { StoredWeight } from './accelerate/stored.js';
export type { Accelerable, AcceleratedLayer, AccelerateOptions } from '@espalier/kernels-kit';
export { compile, type Compilation, type Compiled } from './compile/compile.js';
export type { Compilable } from './compile/model.js';
export type { Step } from './compile/program.js';
