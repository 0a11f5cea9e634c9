export { HESSIAN_DEFAULTS, OBS_REPAIR_DEFAULTS, OBS_SCORER_DEFAULTS, STEP_DEFAULTS } from './defaults.js';
export { halving, obsRepair, type ObsRepairOptions } from './obs-repair.js';
export { obsScorer, type ObsScorerOptions } from './obs-scorer.js';
export type { HessianOptions } from './hessians.js';
export type { StepOptions } from './descend.js';
