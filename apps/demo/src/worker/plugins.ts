import type { Scorer, Strategy } from '@espalier/core';
import { wanda } from '@espalier/scorer-activation';
import { gradient } from '@espalier/scorer-gradient';
import { hessian } from '@espalier/scorer-hessian';
import { magnitude, random } from '@espalier/scorer-magnitude';
import { block } from '@espalier/strategy-block';
import { nm } from '@espalier/strategy-nm';
import { structured } from '@espalier/strategy-structured';
import { unstructured } from '@espalier/strategy-unstructured';
import { type ScorerName, patternOf } from '../settings.js';
import type { CutChoice } from './protocol.js';

/** The seed of everything random, as the command line's default. */
export const SEED = 0;

export const makeScorer = (name: ScorerName): Scorer =>
  ({
    magnitude: () => magnitude(),
    random: () => random({ seed: SEED }),
    gradient: () => gradient(),
    hessian: () => hessian(),
    wanda: () => wanda(),
  })[name]();

/** Axes that a pattern or block does not divide stay dense, as in `espalier compare`. */
export function makeStrategy(choice: CutChoice): Strategy {
  const { cut, scope } = choice;
  if (cut === 'unstructured') return unstructured({ scope });
  if (cut === 'structured') return structured({ scope });
  if (cut === 'block') return block({ scope, tail: 'dense' });
  return nm({ ...patternOf(choice), tail: 'dense' });
}

/** What a row of the report is called, as `espalier compare` calls it. */
export function labelOf({ cut, scope, pattern }: CutChoice) {
  const strategy = cut === 'nm' ? pattern : cut === 'block' ? '4x1 blocks' : cut;
  return { strategy, ...(cut !== 'nm' && { scope }) };
}
