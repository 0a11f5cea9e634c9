import { flagOf, type Option } from './option.js';
import { type OptionName, OPTIONS, type Settings } from './table.js';

/** Words as a shell takes them. */
export const shellWords = (words: readonly string[]) =>
  words.map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');

/** The words of a command line that says the same as settings; what is at its default is left out. */
export function toWords(settings: Settings): string[] {
  return (Object.keys(OPTIONS) as OptionName[]).flatMap((key) => {
    const { kind, default: standard } = OPTIONS[key] as Option;
    const value = settings[key];
    if (value === undefined || value === false || value === standard) return [];
    const word = kind.word(value);
    return word === '' ? [flagOf(key)] : [flagOf(key), word];
  });
}
