export { adaptLayers, type AdaptOptions, type LayersPrunable } from './adapt.js';
export { describeLayers, type LayerRow } from './describe.js';
export { loadLayersModel, toArtifacts } from './load.js';
export { LOSS_NAMES, type LossFunction } from './loss.js';
