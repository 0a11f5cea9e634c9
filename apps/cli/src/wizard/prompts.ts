/** Questions on a terminal, of which every one can be broken off. */
import * as clack from '@clack/prompts';
import type { Readable, Writable } from 'node:stream';

/** The reader broke off: Ctrl-C or Esc. */
export class Cancelled extends Error {}

export interface Terminal {
  readonly input?: Readable;
  readonly output?: Writable;
}

export interface Choice<T> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

export interface Prompts {
  intro(title: string): void;
  /** One of the choices; the first is under the cursor. */
  choose<T extends string>(message: string, choices: readonly Choice<T>[]): Promise<T>;
  /** A line of text; `check` says what is wrong with it, or nothing. An empty line is the default. */
  write(message: string, standard: string, check: (text: string) => string | undefined): Promise<string>;
  confirm(message: string, standard: boolean): Promise<boolean>;
  complain(message: string): void;
  show(title: string, text: string): void;
  outro(message: string): void;
}

export function promptsOn(terminal: Terminal): Prompts {
  const answered = <T>(answer: T): Exclude<T, symbol> => {
    if (clack.isCancel(answer)) throw new Cancelled();
    return answer as Exclude<T, symbol>;
  };
  return {
    intro: (title) => clack.intro(title, terminal),
    async choose<T extends string>(message: string, choices: readonly Choice<T>[]): Promise<T> {
      const options = choices.map((choice) => ({ ...choice }));
      return answered(await clack.select<string>({ ...terminal, message, options })) as T;
    },
    async write(message, standard, check) {
      const settled = (text: string | undefined) => (text === undefined || text.trim() === '' ? standard : text.trim());
      const validate = (text: string | undefined) => check(settled(text));
      // The default shows before and after, and is what an empty line stands for.
      const rest = standard === '' ? {} : { placeholder: standard, defaultValue: standard };
      return settled(answered(await clack.text({ ...terminal, message, validate, ...rest })));
    },
    confirm: async (message, standard) =>
      answered(await clack.confirm({ ...terminal, message, initialValue: standard })),
    complain: (message) => clack.log.error(message, terminal),
    show: (title, text) => clack.note(text, title, { ...terminal, format: (line) => line }),
    outro: (message) => clack.outro(message, terminal),
  };
}
