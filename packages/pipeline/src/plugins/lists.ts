/**
 * The plug-ins that have a name, on the command line, in recipes and on the page: a new one is a line here.
 * Only what is asked for is loaded.
 */
import type { RepairPlugin, Scope, ScorerPlugin, StrategyPlugin } from './plugin.js';

export const SCORERS: readonly ScorerPlugin[] = [
  { name: 'magnitude', data: false, make: async () => (await import('@espalier/scorer-magnitude')).magnitude() },
  {
    name: 'random',
    data: false,
    make: async ({ seed }) => (await import('@espalier/scorer-magnitude')).random({ seed }),
  },
  { name: 'gradient', data: true, make: async () => (await import('@espalier/scorer-gradient')).gradient() },
  { name: 'hessian', data: true, make: async () => (await import('@espalier/scorer-hessian')).hessian() },
  { name: 'gauss-newton', data: true, make: async () => (await import('@espalier/scorer-hessian')).gaussNewton() },
  {
    name: 'hutchinson',
    data: true,
    slow: true,
    make: async ({ seed }) => (await import('@espalier/scorer-hessian')).hutchinson({ seed }),
  },
  {
    name: 'block-fisher',
    data: true,
    slow: true,
    make: async () => (await import('@espalier/scorer-hessian')).blockFisher(),
  },
  { name: 'wanda', data: true, make: async () => (await import('@espalier/scorer-activation')).wanda() },
  { name: 'obs', data: true, slow: true, make: async () => (await import('@espalier/repair-obs')).obsScorer() },
  {
    name: 'running-fisher',
    data: true,
    training: true,
    make: async () => (await import('@espalier/train')).runningFisher(),
  },
];

const LAYERWISE: readonly Scope[] = ['global', 'local'];

/** undefined = the plug-in's own default. */
const given = <T extends object>(options: T) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

export const STRATEGIES: readonly StrategyPlugin[] = [
  {
    name: 'unstructured',
    scopes: [...LAYERWISE, 'output'],
    make: async ({ scope }) => (await import('@espalier/strategy-unstructured')).unstructured(given({ scope })),
  },
  {
    name: 'structured',
    scopes: LAYERWISE,
    make: async ({ scope }) =>
      (await import('@espalier/strategy-structured')).structured(given({ scope: scope as 'global' | undefined })),
  },
  {
    name: 'nm',
    scopes: [],
    make: async ({ keep, group, tail, transposable }) =>
      (await import('@espalier/strategy-nm')).nm(given({ keep, group, tail, transposable })),
  },
  {
    name: 'block',
    scopes: LAYERWISE,
    make: async ({ block, scope, tail }) =>
      (await import('@espalier/strategy-block')).block(
        given({ ...sizesOf(block), scope: scope as 'global' | undefined, tail }),
      ),
  },
];

/** '16x1' as outputs and inputs. */
function sizesOf(block: string | undefined) {
  const [outputs, inputs] = block?.split(/[x×]/i).map(Number) ?? [];
  return { outputs, inputs };
}

export const REPAIRS: readonly RepairPlugin[] = [
  { name: 'obs', make: async ({ steps }) => (await import('@espalier/repair-obs')).obsRepair(given({ steps })) },
  { name: 'bias', make: async () => (await import('@espalier/train')).biasCompensation() },
];

export const namesOf = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
