/** What the kinds of models share: masks over variables, losses, gradients, slices. */
export { type Described, describeLayer } from './describe.js';
export { changedValues, changeOf } from './change.js';
export { meanGradients, misfit } from './gradients.js';
export { leaveAlone, type LeftAlone } from './leave-alone.js';
export {
  customLoss,
  type Loss,
  type LossFunction,
  type LossName,
  LOSSES,
  namedLoss,
  outputOf,
  type ResolvedLoss,
  resolveLoss,
} from './losses.js';
export { checkUnits, type HeldWeight, maskWeights } from './mask.js';
export { checkLeft, type Values } from './slices.js';
export { momentsOf, type Piece } from './moments.js';
export { type Norms, reestimate } from './reestimate.js';
export { patches, type PatchSettings, piecesOf, type Unfold } from './unfold.js';
export { NOTES as ADAPTER_NOTES } from './notes.js';
export { alone, checkFixed, disposal, type Shared, withView } from './view.js';
export { writeVariable } from './write.js';
