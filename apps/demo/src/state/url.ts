/** The settings as the page's address, and back: only what differs from the defaults is written. */
import {
  BACKENDS,
  DEFAULTS,
  fromPattern,
  MODELS,
  MOST_EPOCHS,
  MOST_SPARSITY,
  patternOf,
  PATTERNS,
  SCOPES,
  SCORERS,
  type Settings,
  SHOWN,
  STRATEGIES,
  VALUES,
} from '../settings.js';

/** Longer names than any that is shown are no names. */
const LONGEST = 200;

/** Reads a query string; whatever is not as it should be is left at its default. */
export function parseSettings(search: string): Settings {
  const query = new URLSearchParams(search);
  const oneOf = <T extends string>(key: string, choices: readonly T[], fallback: T): T =>
    choices.find((choice) => choice === query.get(key)) ?? fallback;
  const number = (key: string, most: number, fallback: number): number => {
    const text = query.get(key);
    const value = text === null || text.trim() === '' ? NaN : Number(text);
    return value >= 0 && value <= most ? value : fallback;
  };
  const name = (key: 'a' | 'b' | 'take' | 'kernel') => query.get(key)?.slice(0, LONGEST) || DEFAULTS[key];
  const backends = query.get('backends')?.split(',');
  const sample = query.get('sample');
  return {
    model: oneOf('model', MODELS, DEFAULTS.model as (typeof MODELS)[number]),
    strategy: oneOf('strategy', STRATEGIES, DEFAULTS.strategy),
    ...fromPattern(oneOf('pattern', PATTERNS, patternOf(DEFAULTS) as (typeof PATTERNS)[number])),
    scorer: oneOf('scorer', SCORERS, DEFAULTS.scorer),
    scope: oneOf('scope', SCOPES, DEFAULTS.scope),
    sparsity: number('sparsity', MOST_SPARSITY, DEFAULTS.sparsity),
    fineTune: Math.round(number('fineTune', MOST_EPOCHS, DEFAULTS.fineTune)),
    kernel: name('kernel'),
    a: name('a')!,
    b: name('b')!,
    sample: sample === DRAWN ? null : Math.floor(number('sample', SHOWN - 1, DEFAULTS.sample!)),
    backends: backends ? BACKENDS.filter((backend) => backends.includes(backend)) : null,
    take: name('take')!,
    values: oneOf('values', VALUES, DEFAULTS.values),
  };
}

/** Where nothing is picked, the pad is for drawing. */
const DRAWN = 'drawn';

/** '?strategy=block&sparsity=0.75', or '' for the defaults. A model of the user's own has no address. */
export function formatSettings(settings: Settings, keep: Readonly<Record<string, string | undefined>> = {}): string {
  const query = new URLSearchParams();
  const written = (all: Settings) => {
    const { keep, group, ...rest } = all;
    return { ...rest, sample: rest.sample ?? DRAWN, pattern: patternOf({ keep, group }) };
  };
  const standard: Readonly<Record<string, unknown>> = written(DEFAULTS);
  for (const [key, value] of Object.entries(written(settings))) {
    if (value !== standard[key] && value !== 'own') query.set(key, String(value));
  }
  for (const [key, value] of Object.entries(keep)) if (value !== undefined) query.set(key, value);
  const text = query.toString().replace(/%(?:3A|2C|2F)/g, decodeURIComponent);
  return text === '' ? '' : `?${text}`;
}
