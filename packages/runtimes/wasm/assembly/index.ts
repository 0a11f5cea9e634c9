export { activate } from './activation';
export { convolve } from './convolve';
export { convolveDense } from './dense';
export { convolvePlanes } from './plane-convolve';
export { activatePlanes, affinePlanes, affineRows, combine, poolPlanes, scalePlanes } from './plane-pointwise';
export { borders } from './plane-border';
export { nine } from './plane-nine';
export { taps } from './plane-taps';
export { turn } from './plane-turn';
export { blocks16, dense16, sliced } from './vector';
// Exported so that the compiler leaves them whole: inlined into one big function, their sums no longer stay in registers.
export { blockRows, denseRows } from './blocks';
export { tile1, tile2, tile4 } from './dense';
export { plane1, plane2 } from './plane-nine';
export { planes1, planes2, planes3, planes4, planes5, planes6, planes7 } from './plane-rows';
export { first16, first28, first4, first8, rows16, rows28, rows4, rows8 } from './unstructured';
export { sumBlocks } from './vector';
