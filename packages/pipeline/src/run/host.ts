import { type Note } from '@espalier/core';
import type { LoadModule } from '../plugins/find.js';

export interface Bar {
  /** `done` of `total`; the detail is for people. */
  update(done: number, total: number, detail?: string): void;
}

/** Runs a piece of work under a name for people; `outcome` says what came of it. */
export type Task = <T>(label: string, work: (bar: Bar) => Promise<T>, outcome?: (result: T) => string) => Promise<T>;

/** What a program lends to a pruning: the pipeline itself prints nothing and looks at no disk. */
export interface Host {
  readonly task: Task;
  /** Said to the user while the work goes on. */
  readonly note: (note: Note) => void;
  /** Loads plug-ins of other people; absent = there are none. */
  readonly load?: LoadModule | undefined;
  /** Reads the JSON file of a budget; absent = there are none. */
  readonly readJson?: ((path: string) => Promise<unknown>) | undefined;
}

/** For programs that show nothing. */
export const SILENT: Host = {
  task: (_, work) => work({ update: () => undefined }),
  note: () => undefined,
};
