export { halving, OBS_REPAIR_DEFAULTS, obsRepair, type ObsRepairOptions } from './obs-repair.js';
export { OBS_SCORER_DEFAULTS, obsScorer, type ObsScorerOptions } from './obs-scorer.js';
export { HESSIAN_DEFAULTS, type HessianOptions } from './hessians.js';
export { STEP_DEFAULTS, type StepOptions } from './descend.js';
