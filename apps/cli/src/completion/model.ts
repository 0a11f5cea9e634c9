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
}

export interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  /** Words that an argument can be, besides files. */
  readonly words: readonly string[];
}

/** The program as data; what it can do tomorrow is completed tomorrow. */
export function describeProgram(program: Command): CommandWords[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: firstLine(command.description()),
    options: [...command.options, command.createOption('-h, --help', 'display help for command')].map(optionWords),
    words: command.registeredArguments.flatMap((argument) =>
      argument.name() === 'model' ? Object.keys(ZOO) : (argument.argChoices ?? []),
    ),
  }));
}

const optionWords = (option: Option): OptionWords => ({
  flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
  description: firstLine(option.description),
  takesValue: option.required || option.optional,
  choices: option.argChoices ?? (option.parseArg as WithChoices | undefined)?.choices ?? [],
});

const firstLine = (text: string) => text.split('\n')[0];
