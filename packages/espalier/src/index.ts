// The contracts, and what people call. Whoever writes a plug-in finds helpers in @espalier/core.
export { adapt, type AdaptOptions, prune, type PruneOptions, type PruneResult } from '@espalier/pipeline';
export type {
  Batch,
  Bits,
  Context,
  Granularity,
  Group,
  MaskHandle,
  Param,
  Plan,
  PrunableModel,
  Repair,
  Schedule,
  Scorer,
  Scores,
  Selection,
  Strategy,
} from '@espalier/core';
export {
  cubic,
  decodePlan,
  encodePlan,
  EspalierError,
  InputError,
  isEspalierError,
  iterative,
  oneShot,
  OutputError,
  replay,
  UsageError,
} from '@espalier/core';

export { magnitude, type MagnitudeOptions, random, type RandomOptions } from '@espalier/scorer-magnitude';
export { gradient } from '@espalier/scorer-gradient';
export {
  blockFisher,
  type BlockFisherOptions,
  empiricalFisher,
  gaussNewton,
  hessian,
  hutchinson,
  type HutchinsonOptions,
} from '@espalier/scorer-hessian';
export { wanda, type WandaOptions } from '@espalier/scorer-activation';
export { obsRepair, type ObsRepairOptions, obsScorer, type ObsScorerOptions } from '@espalier/repair-obs';
export { biasCompensation } from '@espalier/train';
export { unstructured, type UnstructuredOptions } from '@espalier/strategy-unstructured';
export { residual, type ResidualOptions, structured, type StructuredOptions } from '@espalier/strategy-structured';
export { block, type BlockOptions } from '@espalier/strategy-block';
export { nm, type NmOptions } from '@espalier/strategy-nm';

export {
  cosine,
  distill,
  type DistillOptions,
  type EarlyStopping,
  fineTune,
  type FineTuneOptions,
  type FineTuneResult,
  gradual,
  type GradualOptions,
  holdOut,
  type LotteryTicket,
  lotteryTicket,
  type LotteryTicketOptions,
  rigl,
  type RiglOptions,
  runningFisher,
  shareWeights,
  type ShareOptions,
  sparseEvolution,
  type SparseEvolutionOptions,
  srSte,
  type SrSteOptions,
  type TrainingRule,
} from '@espalier/train';
