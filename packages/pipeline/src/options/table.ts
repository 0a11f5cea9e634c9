/**
 * Every option of a pruning, once: from here come the options of the command line, the fields of recipes and their schema, and the
 * settings of the page.
 */
import { PRUNE_DEFAULTS } from '@espalier/core';
import { BATCH_DEFAULTS } from '@espalier/data';
import { OBS_REPAIR_DEFAULTS } from '@espalier/repair-obs/defaults';
import { BLOCK_DEFAULTS } from '@espalier/strategy-block/defaults';
import { NM_DEFAULTS, PERMUTATION_DEFAULTS } from '@espalier/strategy-nm/defaults';
import {
  DISTILL_DEFAULTS,
  EARLY_STOPPING_DEFAULTS,
  LOTTERY_TICKET_DEFAULTS,
  RIGL_DEFAULTS,
  SR_STE_DEFAULTS,
} from '@espalier/train';
import { namesOf, REPAIRS, SCORERS, STRATEGIES } from '../plugins/lists.js';
import * as kinds from './kinds.js';
import { option } from './option.js';

export const SCOPES = ['global', 'local', 'output'] as const;
export const TAILS = ['error', 'dense'] as const;
export const BACKENDS = ['cpu', 'wasm', 'webgpu', 'auto'] as const;
/** Those that prune step by step, with training after each, and those that prune while they train. */
export const STEPWISE = ['one-shot', 'iterative', 'cubic'] as const;
export const TRAINING = ['gradual', 'sr-ste', 'rigl', 'set', 'lottery-ticket'] as const;
export const SCHEDULES = [...STEPWISE, ...TRAINING] as const;
export const SHARES = ['uniform', 'global', 'erk', 'lamp'] as const;
export const AGGREGATES = ['mean', 'sum', 'max', 'l2'] as const;
export const NORMALISERS = ['mean', 'max', 'none'] as const;

export const UNITS = {
  params: { '': 1, k: 1e3, M: 1e6, G: 1e9 },
  macs: { '': 1, k: 1e3, M: 1e6, G: 1e9 },
  bytes: { '': 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  latency: { ms: 1, s: 1e3 },
} as const satisfies Readonly<Record<string, Readonly<Record<string, number>>>>;

const of = (...strategies: string[]) => ({ strategy: strategies });
const during = (...schedules: string[]) => ({ schedule: schedules });
const own = 'or a module of your own (./file.mjs, a package, either with #name)';
const list = (names: readonly string[]) => names.join(' | ');

export const OPTIONS = {
  strategy: option(kinds.pluginOf(namesOf(STRATEGIES)), '<name>', `${list(namesOf(STRATEGIES))}, ${own}`, {
    default: 'unstructured',
  }),
  scorer: option(kinds.pluginOf(namesOf(SCORERS)), '<name>', `${list(namesOf(SCORERS))}, ${own}`, {
    default: 'magnitude',
  }),
  scope: option(
    kinds.oneOf(SCOPES),
    '<scope>',
    `${list(SCOPES)}: one threshold for all, or the same sparsity in every layer or output`,
    { default: 'global' },
  ),
  sparsity: option(
    kinds.share,
    '<s>',
    `the fraction to remove, 0 to 1 (default: ${PRUNE_DEFAULTS.sparsity}; N:M has its own)`,
  ),
  granularity: option(
    kinds.oneOf(['channel', 'layer']),
    '<what>',
    'structured: channel, or layer: whole residual branches',
    { default: 'channel', only: of('structured') },
  ),
  params: option(kinds.target(UNITS.params, '20k'), '<f>', 'keeps this fraction, or amount (20k), of the parameters', {
    only: of('structured', 'unstructured'),
  }),
  macs: option(
    kinds.target(UNITS.macs, '1.5M'),
    '<f>',
    'structured: keeps this fraction, or amount (1.5M), of the MACs',
    { only: of('structured') },
  ),
  bytes: option(
    kinds.target(UNITS.bytes, '64kB'),
    '<f>',
    'structured: keeps this fraction, or amount (64kB), of the files',
    { only: of('structured') },
  ),
  latency: option(
    kinds.target(UNITS.latency, '12ms'),
    '<f>',
    'structured: as quick as this fraction of the time, or as 12ms, on the backend',
    { only: of('structured') },
  ),
  budget: option(kinds.text, '<name>', `a table of sparsities (file.json); unstructured also: ${list(SHARES)}`, {
    only: of('structured', 'unstructured'),
  }),
  roundTo: option(
    kinds.countOrAuto,
    '<n>',
    'structured: layers keep a multiple of n channels; auto = measured on the backend',
    { only: of('structured') },
  ),
  floor: option(kinds.limits, '<list>', 'structured: the least fraction of channels that stays, F or GLOB=F', {
    only: of('structured'),
  }),
  ceiling: option(kinds.limits, '<list>', 'structured: the most that stays, F or GLOB=F', { only: of('structured') }),
  aggregate: option(
    kinds.oneOf(AGGREGATES),
    '<how>',
    `structured: how the scores of a channel become one: ${list(AGGREGATES)}`,
    { default: 'mean', only: of('structured') },
  ),
  normalise: option(kinds.oneOf(NORMALISERS), '<by>', `structured: what makes layers compare: ${list(NORMALISERS)}`, {
    default: 'mean',
    only: of('structured'),
  }),
  perCost: option(
    kinds.yesOrNo,
    '',
    'structured: ranks channels by their score for each MAC, parameter or byte of the budget',
    { only: of('structured') },
  ),
  keepInputs: option(kinds.texts, '<globs>', 'layers to leave alone together with the channels that they read'),
  inputShape: option(kinds.sizes, '<sizes>', 'the input, batch first (1,64,64,3), where the model leaves sizes open'),
  keep: option(kinds.positiveInteger, '<n>', 'N:M: how many weights of a group stay', {
    default: NM_DEFAULTS.keep,
    only: of('nm'),
  }),
  group: option(kinds.positiveInteger, '<m>', 'N:M: the size of a group', {
    default: NM_DEFAULTS.group,
    only: of('nm'),
  }),
  transposable: option(kinds.yesOrNo, '', 'N:M: keeps the pattern along the outputs as well', { only: of('nm') }),
  permute: option(
    kinds.yesOrCount,
    '[moves]',
    `N:M: first reorders channels so that more is kept, at no cost; the moves of the search (default: ${PERMUTATION_DEFAULTS.moves})`,
    { only: of('nm') },
  ),
  block: option(kinds.blockSize, '<size>', 'block: OUTPUTSxINPUTS that stay or go together', {
    default: `${BLOCK_DEFAULTS.outputs}x${BLOCK_DEFAULTS.inputs}`,
    only: of('block'),
  }),
  tail: option(
    kinds.oneOf(TAILS),
    '<what>',
    'N:M and block: error | dense, for axes that the group or block does not divide',
    { default: 'error', only: of('nm', 'block') },
  ),
  repair: option(
    kinds.pluginOf(['none', ...namesOf(REPAIRS)]),
    '<name>',
    `none | obs: new values for the weights that stay, from the curvature of the data | bias: biases make up for the mean of removed channels; ${own}`,
    { default: 'none' },
  ),
  repairSteps: option(
    kinds.wholeNumber,
    '<n>',
    'obs: second-order steps along the loss of the labels at each stage; 0 leaves the labels out and is quicker',
    { default: OBS_REPAIR_DEFAULTS.steps, only: { repair: ['obs'] } },
  ),
  reestimateNorms: option(
    kinds.yesOrNo,
    '',
    'gives batch norms the statistics of the pruned model on the data, after all pruning and training',
  ),
  data: option(
    kinds.text,
    '<data>',
    'calibrates and fine-tunes: a zoo name (mnist), idx:IMAGES,LABELS, a .npz file, or an ES module; all but the last take ,mean=…,std=…',
  ),
  test: option(kinds.text, '<data>', 'measures accuracy; default: the test part of the data'),
  loss: option(kinds.text, '<name>', 'the loss to differentiate, where the output does not tell'),
  schedule: option(
    kinds.oneOf(SCHEDULES),
    '<name>',
    `${list(SCHEDULES)} (default: one-shot; repair obs prunes in stages, half of what is left each, unless its steps are 0)`,
  ),
  steps: option(kinds.positiveInteger, '<n>', 'iterative and cubic: how many steps', {
    default: 5,
    only: during('iterative', 'cubic'),
  }),
  fineTune: option(kinds.wholeNumber, '<epochs>', 'epochs of training after each step of the schedule, zeros kept', {
    default: 0,
    only: during(...STEPWISE),
  }),
  epochs: option(kinds.positiveInteger, '<n>', 'epochs of training, for schedules that prune while they train', {
    default: 10,
    only: during(...TRAINING),
  }),
  lr: option(kinds.positiveNumber, '<x>', 'the peak of Adam’s learning rate in training, falling to 0 along a cosine', {
    default: 0.003,
  }),
  batch: option(kinds.positiveInteger, '<n>', 'samples in a batch', { default: BATCH_DEFAULTS.batchSize }),
  begin: option(kinds.share, '<share>', 'gradual: where in the training pruning begins', {
    default: 0,
    only: during('gradual'),
  }),
  end: option(kinds.share, '<share>', 'gradual: where in the training the sparsity is reached', {
    default: 0.6,
    only: during('gradual'),
  }),
  updates: option(kinds.positiveInteger, '<n>', 'gradual: how often more is pruned in between', {
    default: 40,
    only: during('gradual'),
  }),
  decay: option(kinds.notNegative, '<x>', 'sr-ste: how fast weights that are out fade', {
    default: SR_STE_DEFAULTS.decay,
    only: during('sr-ste'),
  }),
  every: option(kinds.positiveInteger, '<n>', 'rigl and set: steps from one exchange to the next', {
    default: RIGL_DEFAULTS.every,
    only: during('rigl', 'set'),
  }),
  fraction: option(kinds.share, '<f>', 'rigl and set: of the active weights that is replaced', {
    default: RIGL_DEFAULTS.fraction,
    only: during('rigl', 'set'),
  }),
  until: option(
    kinds.share,
    '<share>',
    'rigl and set: the share of the training after which places stay (default: 0.75 and 1)',
    { only: during('rigl', 'set') },
  ),
  rounds: option(kinds.positiveInteger, '<n>', 'lottery-ticket: trainings after the dense one', {
    default: LOTTERY_TICKET_DEFAULTS.rounds,
    only: during('lottery-ticket'),
  }),
  rewindTo: option(kinds.wholeNumber, '<epoch>', 'lottery-ticket: the epoch whose weights the rounds begin with', {
    default: LOTTERY_TICKET_DEFAULTS.rewindTo,
    only: during('lottery-ticket'),
  }),
  distill: option(kinds.yesOrNo, '', 'training learns from the dense model as well'),
  temperature: option(kinds.positiveNumber, '<t>', 'distill: softens both outputs', {
    default: DISTILL_DEFAULTS.temperature,
    only: { distill: [true] },
  }),
  alpha: option(kinds.share, '<f>', 'distill: the dense model’s share of the loss', {
    default: DISTILL_DEFAULTS.alpha,
    only: { distill: [true] },
  }),
  patience: option(
    kinds.positiveInteger,
    '<n>',
    `training ends after so many epochs without a better score, and keeps the best (${EARLY_STOPPING_DEFAULTS.patience} is usual; default: it does not)`,
  ),
  heldOut: option(kinds.partOf, '<f>', 'patience: the fraction of the data that is scored, and not trained on', {
    default: 0.1,
  }),
  ignore: option(kinds.texts, '<globs>', 'layers or parameters to leave alone, such as conv1,block*'),
  backend: option(kinds.oneOf(BACKENDS), '<name>', list(BACKENDS), { default: 'wasm' }),
  keepShape: option(kinds.yesOrNo, '', 'structured: zeroes channels where they are, instead of removing them', {
    only: of('structured'),
  }),
  seed: option(kinds.wholeNumber, '<n>', 'fixes every random choice', { default: 0 }),
  nonFinite: option(
    kinds.oneOf(['refuse', 'keep']),
    '<what>',
    'refuse | keep: weights with NaN or infinities are left alone, bit for bit',
    { default: 'refuse' },
  ),
} as const;

export type OptionName = keyof typeof OPTIONS;
type ValueOf<K extends OptionName> = (typeof OPTIONS)[K] extends { kind: kinds.Kind<infer T> } ? T : never;

/** What may be said of a pruning; what is left out has its default. */
export type Settings = { readonly [K in OptionName]?: ValueOf<K> | undefined };

/** A default, or what the option is given. */
export const valueOf = <K extends OptionName>(settings: Settings, key: K): ValueOf<K> | undefined =>
  (settings[key] ?? OPTIONS[key].default) as ValueOf<K> | undefined;
