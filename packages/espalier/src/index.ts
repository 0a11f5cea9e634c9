export * from '@espalier/core';
export * from '@espalier/adapter-layers';
export * from '@espalier/adapter-graph';
export * from '@espalier/scorer-magnitude';
export * from '@espalier/scorer-gradient';
export * from '@espalier/scorer-hessian';
export * from '@espalier/scorer-activation';
export * from '@espalier/repair-obs';
export * from '@espalier/strategy-unstructured';
export * from '@espalier/strategy-structured';
export * from '@espalier/strategy-block';
export * from '@espalier/strategy-nm';
export * from '@espalier/train';
export {
  adapt,
  type AdaptAnyOptions,
  type AnyModel,
  prune,
  PRUNE_DEFAULTS,
  type PruneAnyOptions,
  type PruneAnyResult,
} from './prune.js';
