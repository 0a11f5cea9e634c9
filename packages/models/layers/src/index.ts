export { adaptLayers, type AdaptOptions, type LayersPrunable } from './adapt.js';
export { toArtifacts } from './artifacts.js';
export { loadLayersModel } from './load.js';
export { type Loss, type LossFunction, type LossName, LOSSES } from '@espalier/adapter-kit';
export type { Reestimated, ReestimateOptions } from '@espalier/core';
export { reestimateBatchNorm } from './reestimate.js';
