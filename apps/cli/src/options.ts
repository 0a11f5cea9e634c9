import { checkSparsity, show, UsageError } from '@espalier/core';
import {
  contradictions,
  flagOf,
  type Kind,
  kinds,
  type Option as Setting,
  type OptionName,
  OPTIONS,
  type Settings,
  strategyFrom,
  STRATEGY_WORDS,
} from '@espalier/pipeline';
import { type Language, LANGUAGES } from '@espalier/report';
import { type Command, Option } from 'commander';
import * as z from 'zod';

export const usage = (where: string, wanted: string, found: string) =>
  new UsageError('option-value', `${where} wants ${wanted}, got ${show(found)}`, { where, wanted, found });

/** A parser that knows what it takes, for completion in a shell. */
export interface WithChoices {
  readonly choices?: readonly string[] | undefined;
  /** Several may be given, with commas between them. */
  readonly many?: boolean | undefined;
}

type Parser<T> = ((word: string, before?: T) => T) & WithChoices;

/** Words of a kind as values; what is none is a UsageError with code 'option-value'. */
export function wordsOf<T>(where: string, { wants, schema, parse, choices, many }: Kind<T>): Parser<T> {
  const read = (word: string): T => {
    const checked = schema(z).safeParse(parse(word));
    if (checked.success) return checked.data;
    throw usage(where, wants, word);
  };
  // Lists may be given in several pieces.
  const join = (word: string, before?: T): T => {
    const value = read(word);
    if (!many || before === undefined) return value;
    if (Array.isArray(value)) return [...(before as T & unknown[]), ...value] as T;
    const spread = (one: T) => (typeof one === 'number' ? { '**': one } : one);
    return { ...spread(before), ...spread(value) } as T;
  };
  return Object.assign(join, { choices, many });
}

export const positiveInteger = (where: string) => wordsOf(where, kinds.positiveInteger);
export const positiveNumber = (where: string) => wordsOf(where, kinds.positiveNumber);
export const wholeNumber = (where: string) => wordsOf(where, kinds.wholeNumber);
export const oneOf = <T extends string>(where: string, choices: readonly T[]) =>
  wordsOf<T>(where, kinds.oneOf(choices));

export function sparsity(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  checkSparsity(Number.isNaN(value) ? text : value, '--sparsity');
  return value;
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

/** A strategy in one word, for `compare` and `bench`. */
export const strategyWords = (where: string) => (word: string) => {
  const found = strategyFrom(word);
  if (found) return found;
  throw usage(where, STRATEGY_WORDS, word);
};

/** Options of the table that commands share; `texts` take the place of what the table says of them. */
export function addOptions(
  command: Command,
  names: readonly OptionName[],
  texts: Partial<Record<OptionName, string>> = {},
): Command {
  for (const name of names) command.addOption(optionOf(name, texts[name]));
  return command;
}

/** The default is not commander's, so that what was given can be told from what was not. */
export function optionOf(name: OptionName, said?: string): Option {
  const { kind, takes, text, default: standard } = OPTIONS[name] as Setting;
  const flag = flagOf(name);
  const own = said ?? text;
  const described = standard === undefined || own.includes('(default') ? own : `${own} (default: ${String(standard)})`;
  const option = new Option(takes === '' ? flag : `${flag} ${takes}`, described);
  return takes === '' ? option : option.argParser(name === 'sparsity' ? sparsity : wordsOf(flag, kind));
}

/** What was given of the table. */
export const settingsOf = (options: object): Settings =>
  Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(OPTIONS, name))) as Settings;

/** Options that contradict each other are a mistake, never a preference that is dropped in silence. */
export function checkCombination(settings: Settings): void {
  const [first] = contradictions(settings, flagOf);
  if (first) refuse(flagOf(first.option), first.why);
}

export function refuse(option: string, why: string): never {
  throw new UsageError('option-combination', `${option} ${why}`, { where: option });
}

export const languageOption = () =>
  new Option('--lang <language>', `what the table is in and the page opens in: ${LANGUAGES.join(' | ')}`)
    .argParser<Language>(oneOf('--lang', LANGUAGES))
    .default('en' satisfies Language);

export const jsonOption = () => new Option('--json', 'prints one JSON document on stdout');
