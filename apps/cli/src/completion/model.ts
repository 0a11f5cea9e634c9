import type { Command, Option } from 'commander';
import { ZOO } from '@espalier/zoo';
import type { WithChoices } from '../options.js';

/** What a shell has to know of one option. */
export interface OptionWords {
  /** '-o', '--out' */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** Empty where the value is free: a file, a number. */
  readonly choices: readonly string[];
  /** Several of them may be given, with commas between them. */
  readonly many: boolean;
  /** It may be the path of a file or a folder. */
  readonly files: boolean;
}

export interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  /** Words that an argument can be. */
  readonly words: readonly string[];
  /** An argument may be a path. */
  readonly files: boolean;
}

/** What the program itself takes in place of a command. */
export const PROGRAM_OPTIONS = ['--help', '--version'] as const;

/** The program as data; what it can do tomorrow is completed tomorrow. */
export function describeProgram(program: Command): CommandWords[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: firstLine(command.description()),
    options: [...command.options, command.createOption('-h, --help', 'display help for command')].map(optionWords),
    words: command.registeredArguments.flatMap((argument) =>
      argument.name() === 'model' ? Object.keys(ZOO) : (argument.argChoices ?? []),
    ),
    files: command.registeredArguments.some((argument) => argument.argChoices === undefined),
  }));
}

/** What options call a value that is a path, or may be one. */
const PATHS = ['file', 'dir', 'path', 'model', 'data'];
const DATA = ['mnist'];

function optionWords(option: Option): OptionWords {
  const value = /[<[]([^\]>]+)[\]>]/.exec(option.flags)?.[1] ?? '';
  const parser = option.parseArg as WithChoices | undefined;
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    description: firstLine(option.description),
    // A value that may be left out is not waited for.
    takesValue: option.required,
    choices: option.argChoices ?? parser?.choices ?? (value === 'data' ? DATA : []),
    many: parser?.many === true,
    files: PATHS.includes(value) || option.long === '--budget',
  };
}

const firstLine = (text: string) => text.split('\n')[0];
