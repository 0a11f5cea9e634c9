// Every scorer, each with the scope and the repair that belong to it.
import { obsRepair, obsScorer } from '@espalier/repair-obs';
import { wanda } from '@espalier/scorer-activation';
import { gradient } from '@espalier/scorer-gradient';
import { hessian } from '@espalier/scorer-hessian';
import { magnitude } from '@espalier/scorer-magnitude';

export const METHODS = {
  magnitude: () => ({ scorer: magnitude() }),
  gradient: () => ({ scorer: gradient() }),
  'diagonal Hessian': () => ({ scorer: hessian() }),
  wanda: () => ({ scorer: wanda(), scope: 'output' }),
  obs: () => ({ scorer: obsScorer(), repair: obsRepair({ steps: 0 }) }),
};
