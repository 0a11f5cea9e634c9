export { activate } from './activation';
export { convolve } from './convolve';
export { blocks16, dense16, sliced } from './vector';
