export { activate } from './activation';
export { convolve } from './convolve';
export { blocks16, dense16, sliced } from './vector';
// Exported so that the compiler leaves them whole: inlined into one big function, their sums no longer stay in registers.
export { blockRows, denseRows } from './blocks';
export { rows16, rows28, rows4, rows8 } from './unstructured';
