export {
  DISTILL_DEFAULTS,
  EARLY_STOPPING_DEFAULTS,
  FINE_TUNE_DEFAULTS,
  LOTTERY_TICKET_DEFAULTS,
  RIGL_DEFAULTS,
  SHARE_DEFAULTS,
  SPARSE_EVOLUTION_DEFAULTS,
  SR_STE_DEFAULTS,
} from './defaults.js';
export { biasCompensation } from './bias-compensation.js';
export * from './fine-tune.js';
export { cosine, type LearningRate } from './learning-rate.js';
export type { Gradients, Moment, TrainingRule } from './rule.js';
export * from './gradual.js';
export * from './running-fisher.js';
export * from './distill.js';
export * from './sr-ste.js';
export * from './rigl.js';
export * from './shared-weights.js';
export * from './sparse-evolution.js';
export * from './lottery-ticket.js';
export { type EarlyStopping, holdOut } from './early-stopping.js';
