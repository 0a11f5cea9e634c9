import { type Repair, type Scorer, show, type Strategy, UsageError } from '@espalier/core';
import type { TrainingScorer } from '@espalier/train';
import { closest } from '../closest.js';
import { namesOf, REPAIRS, SCORERS, STRATEGIES } from './lists.js';
import type { StrategySettings } from './plugin.js';

/**
 * Loads a module of somebody else, a path or a package, and gives what it exports. Only programs know where to look; a page has none.
 * Rejects with a code 'plugin-missing' where there is nothing at all.
 */
export type LoadModule = (specifier: string) => Promise<Readonly<Record<string, unknown>>>;

export interface Finding {
  readonly seed: number;
  readonly load?: LoadModule | undefined;
}

type Role = 'scorer' | 'strategy' | 'repair';

const NAMES: Readonly<Record<Role, readonly string[]>> = {
  scorer: namesOf(SCORERS),
  strategy: namesOf(STRATEGIES),
  repair: ['none', ...namesOf(REPAIRS)],
};
/** What makes a plain object one of them. */
const METHOD = { scorer: 'score', strategy: 'select', repair: 'repair' } as const;

/** Whether a name is one of Espalier's own. */
export const isOwn = (role: Role, name: string) => NAMES[role].includes(name);

/** What a report calls a plug-in: by the name it was asked for, or one of somebody else by its own. */
export const labelOfPlugin = (role: Role, asked: string, { name }: { readonly name: string }) =>
  isOwn(role, asked) ? asked : name;

/**
 * The scorer of a name, or the one that a module exports: `./mine.mjs`, `some-package`, with `#name` where it is not the default
 * export. It exports a factory, called with `{ seed }`, or the scorer itself. Throws UsageErrors: 'plugin-unknown', 'plugin-broken'.
 */
export async function findScorer(name: string, { seed, load }: Finding): Promise<Scorer> {
  const own = SCORERS.find((scorer) => scorer.name === name);
  // One of training is asked through the schedule that it is for, which knows its context.
  return ((await own?.make({ seed })) as Scorer | undefined) ?? foreign<Scorer>('scorer', name, { seed }, load);
}

/** The same; for the schedule `gradual`, which takes scorers that ask the optimizer too. */
export const findTrainingScorer = (name: string, finding: Finding): Promise<TrainingScorer> =>
  findScorer(name, finding);

/** A strategy likewise; a factory is called with the settings. */
export async function findStrategy(settings: StrategySettings, load?: LoadModule): Promise<Strategy> {
  const { strategy: name } = settings;
  const own = STRATEGIES.find((strategy) => strategy.name === name);
  return (await own?.make(settings)) ?? foreign<Strategy>('strategy', name, settings, load);
}

/** A repair likewise; undefined for 'none'. A factory is called with `{ steps }`. */
export async function findRepair(
  name: string,
  options: { readonly steps?: number | undefined },
  load?: LoadModule,
): Promise<Repair | undefined> {
  if (name === 'none') return undefined;
  const own = REPAIRS.find((repair) => repair.name === name);
  return (await own?.make(options)) ?? foreign<Repair>('repair', name, options, load);
}

async function foreign<T>(role: Role, name: string, options: object, load: LoadModule | undefined): Promise<T> {
  const at = name.lastIndexOf('#');
  const [path, key] = at < 0 ? [name, 'default'] : [name.slice(0, at), name.slice(at + 1)];
  const module = await loaded(role, name, path, load);
  const exported = module[key];
  if (exported === undefined) {
    const found = Object.keys(module).map(show).join(', ') || 'no exports';
    throw broken(role, name, key === 'default' ? 'a default export' : `an export ${show(key)}`, found);
  }
  let made: unknown;
  try {
    made = await (typeof exported === 'function' ? (exported as (options: object) => unknown)(options) : exported);
  } catch (cause) {
    throw broken(
      role,
      name,
      `a factory of a ${role}`,
      `one that throws: ${show((cause as Error)?.message ?? cause)}`,
      cause,
    );
  }
  const plugin = made as Record<string, unknown> | null;
  if (typeof plugin !== 'object' || plugin === null) throw broken(role, name, `a ${role}`, kindOf(made));
  if (typeof plugin[METHOD[role]] !== 'function')
    throw broken(role, name, `a ${role} with a method ${METHOD[role]}`, 'none');
  if (typeof plugin.name !== 'string' || plugin.name === '')
    throw broken(role, name, `a ${role} with a name`, kindOf(plugin.name));
  return plugin as T;
}

async function loaded(role: Role, name: string, path: string, load: LoadModule | undefined) {
  try {
    if (load) return await load(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'plugin-missing') throw unknown(role, name, cause);
    throw broken(role, name, 'a module that loads', show(message ?? String(cause)), cause);
  }
  throw unknown(role, name);
}

function unknown(role: Role, name: string, cause?: unknown): UsageError {
  const wanted = `one of ${NAMES[role].join(', ')}, or a module of your own (./file.mjs, a package, either with #name)`;
  const near = closest(name, NAMES[role]);
  const fix = near === undefined ? 'check the name or the path' : `did you mean ${near}?`;
  return new UsageError('plugin-unknown', `${role} ${show(name)}: wanted ${wanted}, found no such thing; ${fix}`, {
    where: role,
    wanted,
    found: name,
    fix,
    cause,
  });
}

function broken(role: Role, where: string, wanted: string, found: string, cause?: unknown): UsageError {
  const fix = `export a factory that returns a plain object { name, ${METHOD[role]} }`;
  return new UsageError('plugin-broken', `${role} ${show(where)}: wanted ${wanted}, found ${found}; ${fix}`, {
    where: role,
    wanted,
    found,
    fix,
    cause,
  });
}

const kindOf = (value: unknown) =>
  value === null ? 'null' : typeof value === 'object' ? 'an object' : show(String(value));
