import type * as Zod from 'zod';

type Z = typeof Zod;

/**
 * What values an option takes: in a recipe, where `schema` checks them, and as words of a command line, which `parse` turns into such
 * a value. Zod is handed in, so that a page can know options without loading it.
 */
export interface Kind<T = unknown> {
  /** What is wanted, for an error: 'a positive integer'. */
  readonly wants: string;
  readonly schema: (z: Z) => Zod.ZodType<T>;
  /** A word as a value; what is no value of this kind is returned in some form that the schema refuses. */
  readonly parse: (word: string) => unknown;
  /** The word that `parse` makes the value from. */
  readonly word: (value: T) => string;
  readonly choices?: readonly string[];
  /** Several may be given, with commas between them. */
  readonly many?: boolean;
}

const toNumber = (word: string) => (word.trim() === '' ? NaN : Number(word));

const number = (wants: string, schema: Kind<number>['schema']): Kind<number> => ({
  wants,
  schema,
  parse: toNumber,
  word: (value) => String(Number(value.toPrecision(12))),
});

export const positiveInteger = number('a positive integer', (z) => z.int().positive());
export const wholeNumber = number('an integer from 0 up', (z) => z.int().nonnegative());
export const positiveNumber = number('a number above 0', (z) => z.number().positive());
export const notNegative = number('a number from 0 up', (z) => z.number().nonnegative());
export const share = number('a fraction from 0 to 1', (z) => z.number().min(0).max(1));
export const partOf = number('a fraction above 0 and below 1', (z) => z.number().gt(0).lt(1));

export const text: Kind<string> = {
  wants: 'a text that is not empty',
  schema: (z) => z.string().min(1),
  parse: (word) => word,
  word: (value) => value,
};

export const oneOf = <const T extends string>(choices: readonly T[]): Kind<T> => ({
  wants: `one of ${choices.join(', ')}`,
  schema: (z) => z.enum(choices),
  parse: (word) => word,
  word: (value) => value,
  choices,
});

/** Names that there are, or the module of somebody else: a path, a package, either with #name behind it. */
export const pluginOf = (names: readonly string[]): Kind<string> => ({
  ...text,
  wants: `one of ${names.join(', ')}, or a module of your own: ./file.mjs or a package, #name for a named export`,
  choices: names,
});

/** On a command line the option alone is true. */
export const yesOrNo: Kind<boolean> = {
  wants: 'true or false',
  schema: (z) => z.boolean(),
  parse: () => true,
  word: () => '',
};

export const texts: Kind<string[]> = {
  wants: 'a list of texts',
  schema: (z) => z.array(z.string().min(1)),
  parse: (word) => word.split(',').map((part) => part.trim()),
  word: (value) => value.join(','),
  many: true,
};

/** With the batch in front. */
export const sizes: Kind<number[]> = {
  wants: 'positive sizes with the batch first, such as 1,64,64,3',
  schema: (z) => z.array(z.int().positive()).min(2),
  parse: (word) => word.split(',').map(toNumber),
  word: (value) => value.join(','),
};

/** true = as many as the default says. */
export const yesOrCount: Kind<number | boolean> = {
  wants: 'a positive integer, or true',
  schema: (z) => z.union([z.int().positive(), z.boolean()]),
  parse: toNumber,
  word: (value) => (typeof value === 'number' ? String(value) : ''),
};

export const countOrAuto: Kind<number | 'auto'> = {
  wants: 'a positive integer, or auto',
  schema: (z) => z.union([z.int().positive(), z.literal('auto')]),
  parse: (word) => (word === 'auto' ? word : toNumber(word)),
  word: String,
};

const SIZE = /^\d{1,6}[x×]\d{1,6}$/i;

/** OUTPUTSxINPUTS. */
export const blockSize: Kind<string> = {
  ...text,
  wants: 'OUTPUTSxINPUTS such as 4x1',
  schema: (z) => z.string().regex(SIZE),
};

const AMOUNT = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-zA-Z]*)$/;

/** What is to be left: a number up to 1 is a fraction of what the dense model has, anything else an amount. */
export const target = (units: Readonly<Record<string, number>>, example: string): Kind<number | string> => ({
  wants: `a fraction to keep, above 0 and up to 1, or an amount such as ${example}`,
  schema: (z) => z.union([z.number(), z.string()]).refine((value) => isTarget(value, units)),
  parse: (word) => (/^[\d.]+$/.test(word.trim()) ? toNumber(word) : word),
  word: String,
});

function isTarget(value: number | string, units: Readonly<Record<string, number>>): boolean {
  const [, digits, unit] = AMOUNT.exec(String(value).trim()) ?? [];
  return Number(digits) > 0 && (Object.hasOwn(units, unit) || (unit === '' && Number(digits) <= 1));
}

export interface Target {
  readonly fraction?: number;
  readonly amount?: number;
}

/** What `target` took, as a fraction or an amount in the smallest unit. */
export function targetOf(value: number | string, units: Readonly<Record<string, number>>): Target {
  const [, digits, unit] = AMOUNT.exec(String(value).trim()) ?? [];
  return unit === '' && Number(digits) <= 1 ? { fraction: Number(digits) } : { amount: Number(digits) * units[unit] };
}

export type Limits = number | Readonly<Record<string, number>>;

/** A fraction for every layer, or one for those that a glob names. */
export const limits: Kind<Limits> = {
  wants: 'a fraction from 0 to 1, or GLOB=FRACTION',
  schema: (z) => {
    const fraction = z.number().min(0).max(1);
    return z.union([fraction, z.record(z.string().min(1), fraction)]);
  },
  parse: (word) => {
    if (!word.includes('=')) return toNumber(word);
    const entries = word.split(',').map((part) => {
      const at = part.lastIndexOf('=');
      return at < 0
        ? (['**', toNumber(part)] as const)
        : ([part.slice(0, at).trim(), toNumber(part.slice(at + 1))] as const);
    });
    return Object.fromEntries(entries);
  },
  word: (value) =>
    typeof value === 'number'
      ? String(value)
      : Object.entries(value)
          .map(([glob, fraction]) => `${glob}=${fraction}`)
          .join(','),
  many: true,
};
