import { bars } from './bars.js';
import { beforeAfter } from './before-after.js';
import { curves } from './curves.js';
import { histogram } from './histogram.js';
import { maskMap } from './mask-map.js';
import { pareto } from './pareto.js';
import { pruning } from './pruning.js';

export * from './bars.js';
export * from './before-after.js';
export * from './curves.js';
export * from './frontier.js';
export * from './histogram.js';
export {
  type Kernel,
  type MaskCorner,
  PRUNING_DATA_DEFAULTS,
  pruningData,
  type PruningData,
  type PruningDataOptions,
  type Weights,
} from './kernel.js';
export * from './mask-map.js';
export * from './pareto.js';
export type { PlotOptions } from './plot.js';
export * from './pruning.js';
export { toSvg } from './svg.js';
export { writable } from './text.js';
export type { Background } from './theme.js';
export { ENGLISH, type FigureWords } from './words.js';

/** Every figure under one name; each returns SVG text, and histogram the counts alone. */
export const figures = { pruning, beforeAfter, maskMap, pareto, bars, curves, histogram };
