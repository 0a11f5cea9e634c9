// The contracts.
export type {
  Batch,
  Bits,
  Change,
  Context,
  Extent,
  FixedCount,
  GradientOptions,
  Granularity,
  Group,
  LayerDescription,
  LiveModel,
  LossFunction,
  MaskHandle,
  Note,
  NoteParam,
  Output,
  Param,
  Plan,
  Port,
  PrunableModel,
  ReestimateOptions,
  Reestimated,
  Removal,
  Repair,
  Schedule,
  Scorer,
  Scores,
  Selection,
  Site,
  Span,
  Strategy,
  Update,
  View,
} from './contracts.js';
export {
  type ErrorDetails,
  EspalierError,
  InputError,
  isEspalierError,
  OutputError,
  show,
  UsageError,
} from './errors.js';
export { ignoring, inputsUnsupported, isInputsUnsupported, withoutInputs } from './inputs.js';
export { checkGradients, checkSamples, dataEmpty, lossNotFinite, scoresMissing } from './scorer-errors.js';

// Pruning.
export { PRUNE_DEFAULTS } from './defaults.js';
export { prune, type PruneOptions, type PruneResult, type PruneStep, replay } from './prune.js';
export { cubic, CUBIC_DEFAULTS, type CubicOptions, iterative, oneShot } from './schedule.js';
export { type LayerSummary, type PlanSummary, summarisePlan } from './summary.js';

// What is said to people.
export { asNote, fillNote, type NoteParams, type NoteTable, readNote, type Say, sayings, uniqueNotes } from './note.js';
export { listNotes } from './notes.js';

// For strategies.
export { type Cut, checkFiniteScores, selectLowest, selectLowestIn, type Slice } from './selection.js';
export { checkedScores, checkUnsigned, scoreModel, scoresInMemory } from './scores.js';
export {
  blockGranularity,
  CHANNELS,
  checkGranularity,
  granularityOf,
  type Grid,
  gridOf,
  nmGranularity,
  rowsAreFree,
  WEIGHTS,
} from './granularity.js';
export {
  eligibleParams,
  isPrunable,
  layerOf,
  namesOf,
  nothingToPrune,
  outAxisOf,
  protect,
  type Protection,
  sliceOf,
  whyNotChosen,
} from './eligible.js';
export { matchesGlob } from './glob.js';
export { checkSparsity, pruneCount, roundHalfEven } from './counting.js';
export {
  byteCost,
  type Contestant,
  type Cost,
  erkShare,
  globalShare,
  lampShare,
  type Ledger,
  macCost,
  openLedger,
  paramCost,
  planCost,
  type Share,
  type SparsityTable,
  tableCounts,
  tableShare,
  uniformShare,
} from './budget/index.js';

// Plans and masks.
export {
  checkPlan,
  keptSlices,
  lazyPlan,
  memoryPlan,
  type PlanContents,
  resolveMask,
  selectPlan,
  unitsOf,
} from './plan.js';
export { decodePlan, encodePlan } from './plan-file.js';
export { andBits, bitsFrom, bitsToFloats, countKept, isKept, keptIndices, makeBits, setPruned } from './bits.js';
export { applyPermutation, invertPermutation, type Permutation } from './permute.js';
export { type Random, seededRandom, shuffle } from './random.js';
export { sizeOf } from './shape.js';
