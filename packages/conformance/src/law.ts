/** What a law throws: the message says which law was broken and how. */
export class LawError extends Error {
  override readonly name = 'LawError';
  constructor(
    readonly law: string,
    readonly detail: string,
    cause?: unknown,
  ) {
    super(`${law}: ${detail}`, cause === undefined ? undefined : { cause });
  }
}

/** One thing that every plug-in of a kind promises. `check` rejects with a LawError where it is broken. */
export interface Law<Subject> {
  /** As a sentence: 'the same scores every time'. */
  readonly name: string;
  check(subject: Subject): Promise<void>;
}

/** Reports a broken law unless `holds`. */
export type Claim = (holds: boolean, detail: () => string) => void;

export function law<Subject>(name: string, body: (subject: Subject, claim: Claim) => Promise<void>): Law<Subject> {
  const claim: Claim = (holds, detail) => {
    if (!holds) throw new LawError(name, detail());
  };
  return {
    name,
    async check(subject) {
      try {
        await body(subject, claim);
      } catch (error) {
        throw error instanceof LawError ? error : new LawError(name, `it threw ${String(error)}`, error);
      }
    },
  };
}

/** The two functions of Jest, Vitest, Mocha or node:test that a suite needs. */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

export interface SuiteOptions {
  /** Default: the globals `describe` and `it`. */
  readonly runner?: Runner;
  /** Names of laws that the plug-in breaks on purpose; say why beside it. */
  readonly except?: readonly string[];
}

/** One test per law. Throws a RangeError for an exception that names no law. */
export function describeLaws<Subject>(
  title: string,
  laws: readonly Law<Subject>[],
  subject: Subject,
  { runner = globalThis as unknown as Runner, except = [] }: SuiteOptions = {},
): void {
  const unknown = except.find((name) => laws.every((l) => l.name !== name));
  if (unknown !== undefined) {
    throw new RangeError(`there is no law '${unknown}'; the laws are: ${laws.map((l) => l.name).join('; ')}`);
  }
  runner.describe(title, () => {
    for (const { name, check } of laws) if (!except.includes(name)) runner.it(name, () => check(subject));
  });
}

/** Index of the first bit pattern that differs, −1 for none; unlike ===, tells −0 from 0. */
export function firstDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return i;
  return -1;
}

/** What the promise rejected with; undefined where it was kept. */
export async function rejection(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error ?? new Error('rejected with nothing');
  }
}
