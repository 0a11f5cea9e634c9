import { checkSparsity, show, UsageError } from '@espalier/core';
import { type Language, LANGUAGES } from '@espalier/report';
import { OBS_REPAIR_DEFAULTS } from '@espalier/repair-obs';
import { Option } from 'commander';
import { type BlockSize, parseBlock } from './plugins.js';

export const usage = (where: string, wanted: string, found: string) =>
  new UsageError('option-value', `${where} wants ${wanted}, got ${show(found)}`, { where, wanted, found });

function number(where: string, wanted: string, test: (value: number) => boolean) {
  return (text: string): number => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!Number.isFinite(value) || !test(value)) throw usage(where, wanted, text);
    return value;
  };
}

export const positiveInteger = (where: string) =>
  number(where, 'a positive integer', (n) => Number.isSafeInteger(n) && n > 0);
export const wholeNumber = (where: string) =>
  number(where, 'an integer from 0 up', (n) => Number.isSafeInteger(n) && n >= 0);
export const positiveNumber = (where: string) => number(where, 'a number above 0', (n) => n > 0);

export function sparsity(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  checkSparsity(Number.isNaN(value) ? text : value, '--sparsity');
  return value;
}

/** A parser that knows what it takes, for completion in a shell. */
export interface WithChoices {
  readonly choices?: readonly string[] | undefined;
  /** Several may be given, with commas between them. */
  readonly many?: boolean;
}

export function oneOf<T extends string>(where: string, choices: readonly T[]): ((text: string) => T) & WithChoices {
  const parse = (text: string): T => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw usage(where, `one of ${choices.join(', ')}`, text);
    return found;
  };
  return Object.assign(parse, { choices });
}

/** OUTPUTSxINPUTS. */
export function blockSize(text: string): BlockSize {
  const size = parseBlock(text);
  if (size) return size;
  throw usage('--block', 'OUTPUTSxINPUTS such as 4x1', text);
}

/** A comma-separated list, or the option given several times. What is given takes the place of the default. */
export function list<T>(parse: ((text: string) => T) & WithChoices): ((text: string) => T[]) & WithChoices {
  // Commander hands over the default as if it had been given before.
  const given: T[] = [];
  const parseAll = (text: string): T[] => {
    given.push(...text.split(',').map((part) => parse(part.trim())));
    return given;
  };
  return Object.assign(parseAll, { choices: parse.choices, many: true });
}

/** The peak of Adam's learning rate in fine-tuning. */
export const LEARNING_RATE = 0.003;

export const dataOption = () =>
  new Option(
    '--data <data>',
    'calibrates and fine-tunes: a zoo name (mnist), idx:IMAGES,LABELS, a .npz file, or an ES module; all but the last take ,mean=…,std=…',
  );
export const testOption = () => new Option('--test <data>', 'measures accuracy; default: the test part of --data');
export const lossOption = () =>
  new Option('--loss <name>', 'the loss to differentiate, where the output does not tell');
export const seedOption = () =>
  new Option('--seed <n>', 'fixes every random choice').argParser(wholeNumber('--seed')).default(0);
export const languageOption = () =>
  new Option('--lang <language>', `what the table is in and the page opens in: ${LANGUAGES.join(' | ')}`)
    .argParser<Language>(oneOf('--lang', LANGUAGES))
    .default('en' satisfies Language);
export const repairStepsOption = () =>
  new Option(
    '--repair-steps <n>',
    `obs: second-order steps along the loss of the labels at each stage (default: ${OBS_REPAIR_DEFAULTS.steps}); 0 leaves the labels out and is quicker`,
  ).argParser(wholeNumber('--repair-steps'));

/** Steps without the repair that makes them are a mistake. */
export function checkRepairSteps({ repair, repairSteps }: { repair: string; repairSteps?: number | undefined }): void {
  if (repairSteps === undefined || repair === 'obs') return;
  throw new UsageError('option-combination', '--repair-steps is for --repair obs', { where: '--repair-steps' });
}

export const jsonOption = () => new Option('--json', 'prints one JSON document on stdout');
