export { type BudgetFile } from './budget/table.js';
export type { Outcome } from './budget/outcome.js';

export { adapt, type AdaptOptions, isPrunable, openArtifacts, type OpenOptions } from './models.js';
export {
  BACKENDS,
  type Contradiction,
  contradictions,
  flagOf,
  isTraining,
  type Kind,
  kinds,
  type NameOf,
  needsData,
  type Option,
  type OptionName,
  OPTIONS,
  REPAIRS,
  SCHEDULES,
  SCOPES,
  SCORERS,
  type Settings,
  shellWords,
  STRATEGIES,
  STRATEGY_WORDS,
  strategyFrom,
  strategyLabel,
  toWords,
  trains,
  valueOf,
  withDefaults,
} from './options/index.js';
export { prune, type PruneOptions, type PruneResult } from './prune.js';
export { findRepair, findScorer, findStrategy, labelOfPlugin, type LoadModule } from './plugins/find.js';
export type { RepairPlugin, ScorerPlugin, StrategyPlugin } from './plugins/plugin.js';
export { checkRecipe } from './recipe/check.js';
export { defineRecipe } from './recipe/define.js';
export { type Recipe, recipeJsonSchema, recipeSchema } from './recipe/schema.js';
export { kernelsNote } from './notes.js';
export * from './report/report.js';
export { fitClasses, lossFor, sampleShape } from './run/fit.js';
export { type Bar, type Host, SILENT, type Task } from './run/host.js';
export { accuracyOf, checkSettings, dataMissing, type Run, type RunOptions, runPruning } from './run/run.js';
export type { Trained } from './run/train.js';
export { calibration, type Samples } from './run/tune.js';
export * from './trial/comparison.js';
export * from './trial/panel.js';
export { expand, type Matrix, trialOf } from './trial/settings.js';
export * from './trial/tools.js';
export { copyOf, runTrial, type TrialOptions } from './trial/trial.js';
