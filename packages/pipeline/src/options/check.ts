import { SCORERS, STRATEGIES } from '../plugins/lists.js';
import type { OptionName, Settings } from './table.js';
import { OPTIONS, SHARES, STEPWISE, TRAINING, valueOf } from './table.js';

/** An option that cannot go with the others, and why; it reads on from the option's name. */
export interface Contradiction {
  readonly option: OptionName;
  readonly why: string;
}

/** How an option is called where the person looks: 'keep' in a recipe, '--keep' on a command line. */
export type NameOf = (option: OptionName) => string;

export const trains = (settings: Settings) =>
  isTraining(settings.schedule) || (settings.fineTune !== undefined && settings.fineTune > 0);
export const isTraining = (schedule: Settings['schedule']) => TRAINING.some((name) => name === schedule);
export const isTable = (budget: string | undefined) =>
  budget !== undefined && !(SHARES as readonly string[]).includes(budget);

/** The options that say how much is to be left. */
export const GOALS = ['params', 'macs', 'bytes', 'latency'] as const;

/**
 * What contradicts itself in settings: a mistake, never a preference that is dropped in silence. `name` is how options are called
 * in the reasons.
 */
export function contradictions(settings: Settings, name: NameOf): Contradiction[] {
  const given = (key: OptionName) => settings[key] !== undefined && settings[key] !== false;
  const found: Contradiction[] = [];
  const refuse = (option: OptionName, why: string) => void found.push({ option, why });
  for (const option of Object.keys(OPTIONS) as OptionName[]) {
    if (given(option)) for (const why of misplaced(option, settings, name)) refuse(option, why);
  }
  for (const rule of [goals, patterns, channels, schedules, trainings]) rule(settings, given, refuse, name);
  return found;
}

function* misplaced(option: OptionName, settings: Settings, name: NameOf): Iterable<string> {
  const { only = {} } = OPTIONS[option] as { only?: Readonly<Record<string, readonly unknown[]>> };
  for (const [key, values] of Object.entries(only) as [OptionName, readonly unknown[]][]) {
    const value = valueOf(settings, key) ?? (key === 'schedule' ? 'one-shot' : undefined);
    if (values.includes(value)) continue;
    const wanted = values.length === 1 && values[0] === true ? name(key) : `${name(key)} ${values.join(' or ')}`;
    yield `is for ${wanted}${value === undefined || values[0] === true ? '' : `, not ${value}`}`;
  }
}

type Rule = (
  settings: Settings,
  given: (key: OptionName) => boolean,
  refuse: (option: OptionName, why: string) => void,
  name: NameOf,
) => void;

const goals: Rule = (s, given, refuse, name) => {
  const table = isTable(s.budget);
  const all = [...(['sparsity', ...GOALS] as const).filter(given), ...(table ? (['budget'] as const) : [])];
  const said = (key: OptionName) => (key === 'budget' ? `${name(key)} with a table` : name(key));
  if (all.length > 1) refuse(all[1], `contradicts ${said(all[0])}: give one of them`);
  if (given('perCost') && !GOALS.some(given))
    refuse('perCost', `is for ${GOALS.slice(0, -1).map(name).join(', ')} or ${name('latency')}`);
  if (s.budget === undefined) return;
  if (given('scope')) refuse('scope', `is not for ${name('budget')}, which says how layers share`);
  if (valueOf(s, 'strategy') === 'structured' && !table)
    refuse('budget', `${s.budget} is for ${name('strategy')} unstructured; channels take a table (file.json)`);
};

const patterns: Rule = (s, given, refuse, name) => {
  const strategy = valueOf(s, 'strategy')!;
  const scopes = STRATEGIES.find((one) => one.name === strategy)?.scopes;
  if (given('scope') && scopes && !scopes.includes(s.scope!)) {
    if (scopes.length === 0)
      refuse('scope', `is not for ${name('strategy')} ${strategy}, whose groups decide for themselves`);
    else refuse('scope', `${s.scope} is for ${name('strategy')} unstructured, not ${strategy}`);
  }
  if (strategy === 'nm') {
    const [keep, group] = [valueOf(s, 'keep')!, valueOf(s, 'group')!];
    const fixed = 1 - keep / group;
    if (keep >= group) refuse('keep', `wants less than ${name('group')}, which is ${group}, got ${keep}`);
    else if (s.sparsity !== undefined && Math.abs(s.sparsity - fixed) > 1e-9)
      refuse('sparsity', `wants ${fixed}, which ${keep}:${group} fixes, got ${s.sparsity}; leave it out`);
    if (given('permute') && given('transposable'))
      refuse('permute', `looks at groups of inputs alone; leave out ${name('transposable')}`);
  }
  if (strategy === 'block' && /^0*1[x×]0*1$/i.test(valueOf(s, 'block')!))
    refuse('block', 'wants a block of more than one weight');
};

/** Of channels, and not of whole branches. */
const OF_CHANNELS = ['latency', 'budget', 'roundTo', 'floor', 'ceiling', 'perCost', 'scope'] as const;

const channels: Rule = (s, given, refuse, name) => {
  const isLayer = s.granularity === 'layer';
  if (isLayer)
    for (const key of OF_CHANNELS.filter(given)) refuse(key, `is for channels, not for ${name('granularity')} layer`);
  if (s.repair === 'bias' && (valueOf(s, 'strategy') !== 'structured' || isLayer))
    refuse('repair', `bias makes up for removed channels: give ${name('strategy')} structured, of channels`);
};

const schedules: Rule = (s, given, refuse, name) => {
  const { schedule = 'one-shot' } = s;
  const [strategy, scorer] = [valueOf(s, 'strategy'), valueOf(s, 'scorer')];
  const at = `${name('schedule')} ${schedule}`;
  if (schedule === 'gradual' && valueOf(s, 'begin')! >= valueOf(s, 'end')!)
    refuse(
      given('begin') ? 'begin' : 'end',
      `wants ${name('begin')} to lie before ${name('end')}, got ${valueOf(s, 'begin')} and ${valueOf(s, 'end')}`,
    );
  if (schedule === 'gradual' && strategy === 'nm')
    refuse('schedule', 'gradual needs a strategy of any sparsity: N:M has one; wants one-shot or sr-ste');
  if (schedule === 'sr-ste' && strategy !== 'nm') refuse('schedule', `sr-ste is for ${name('strategy')} nm`);
  if (['rigl', 'set', 'lottery-ticket'].includes(schedule) && strategy !== 'unstructured')
    refuse('schedule', `${schedule} is for ${name('strategy')} unstructured`);
  if (['sr-ste', 'lottery-ticket'].includes(schedule) && scorer !== 'magnitude')
    refuse('scorer', `wants magnitude for ${at}, got ${scorer}`);
  if (schedule === 'lottery-ticket') {
    if (valueOf(s, 'rewindTo')! >= valueOf(s, 'epochs')!)
      refuse('rewindTo', `wants less than the ${valueOf(s, 'epochs')} epochs, got ${s.rewindTo}`);
    if (given('patience')) refuse('patience', `is not for ${at}`);
  }
  if (SCORERS.find(({ name: own }) => own === scorer)?.training && schedule !== 'gradual')
    refuse('scorer', `${scorer} is for ${name('schedule')} gradual: the others need scores before any training`);
  if (s.repair !== undefined && s.repair !== 'none' && isTraining(schedule))
    refuse('repair', `wants none: ${at} trains the weights instead`);
  if (isTraining(schedule))
    for (const key of [...GOALS, 'budget'] as const)
      if (given(key)) refuse(key, `is for ${name('schedule')} ${STEPWISE.join(', ')}`);
};

/** What says nothing where nothing is trained. */
export const OF_TRAINING = ['fineTune', 'lr', 'distill', 'temperature', 'alpha', 'patience', 'heldOut'] as const;

const trainings: Rule = (s, given, refuse, name) => {
  if (!trains(s))
    for (const key of ['lr', 'distill', 'patience', 'heldOut'] as const)
      if (given(key)) refuse(key, `is for ${name('fineTune')}`);
  if (given('heldOut') && !given('patience')) refuse('heldOut', `is for ${name('patience')}`);
};
