import { BLOCK_DEFAULTS } from '@espalier/strategy-block/defaults';
import { namesOf, STRATEGIES } from '../plugins/lists.js';
import type { Settings } from './table.js';
import { valueOf } from './table.js';

type Chosen = Pick<Settings, 'strategy' | 'keep' | 'group' | 'block' | 'tail'>;

/** What a list of strategies takes, for an error. */
export const STRATEGY_WORDS = `${namesOf(STRATEGIES).join(', ')}, a pattern such as 2:4, a block such as 4x1, or a module of your own`;

/**
 * A strategy in one word: a name, an N:M pattern such as 1:4, a block such as 16x1, or a module. Axes that a pattern or block does
 * not divide stay dense: who lists strategies wants all of them to run. undefined for a pattern that is none.
 */
export function strategyFrom(word: string): Chosen | undefined {
  const [, keep, group] = /^(\d{1,6}):(\d{1,6})$/.exec(word) ?? [];
  if (keep !== undefined) {
    const isPattern = Number(keep) > 0 && Number(keep) < Number(group);
    return isPattern ? { strategy: 'nm', keep: Number(keep), group: Number(group), tail: 'dense' } : undefined;
  }
  if (/^\d{1,6}[x×]\d{1,6}$/i.test(word)) {
    const isBlock = word.split(/[x×]/i).every((n) => Number(n) > 0) && !/^0*1[x×]0*1$/i.test(word);
    return isBlock ? { strategy: 'block', block: word.replace('×', 'x').toLowerCase(), tail: 'dense' } : undefined;
  }
  if (word === 'nm' || word === 'block') return { strategy: word, tail: 'dense' };
  return word === '' ? undefined : { strategy: word };
}

/** The word for a strategy: 'unstructured', '2:4', '16x1'. */
export function strategyWord(settings: Settings): string {
  const strategy = valueOf(settings, 'strategy')!;
  if (strategy === 'nm') return `${valueOf(settings, 'keep')}:${valueOf(settings, 'group')}`;
  return strategy === 'block' ? valueOf(settings, 'block')! : strategy;
}

/** What a strategy is called in a report's rows. `name` is the plug-in's own, for those of other people. */
export function strategyLabel(settings: Settings, name: string): string {
  const strategy = valueOf(settings, 'strategy')!;
  if (strategy === 'block') return `${settings.block ?? `${BLOCK_DEFAULTS.outputs}x${BLOCK_DEFAULTS.inputs}`} blocks`;
  return strategy === 'nm' || !namesOf(STRATEGIES).includes(strategy) ? name : strategy;
}
