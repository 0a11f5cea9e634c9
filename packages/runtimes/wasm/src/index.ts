export { accelerate, ACCELERATE_DEFAULTS, type Acceleration, type WasmOptions } from './sparse/accelerate.js';
export type { StoredWeight } from './sparse/stored.js';
export type { Accelerable, AcceleratedLayer, AccelerateOptions } from '@espalier/kernels-kit';
export { compile, type Compilation, type Compiled } from './compile/compile.js';
export type { Compilable } from './compile/model.js';
export type { Step } from './compile/program.js';
