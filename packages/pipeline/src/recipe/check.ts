import { InputError, show } from '@espalier/core';
import type * as z from 'zod';
import { closest } from '../closest.js';
import type { Kind } from '../options/kinds.js';
import { text as textKind } from '../options/kinds.js';
import { OPTIONS } from '../options/table.js';
import { type Recipe, recipeSchema } from './schema.js';

/** Throws an InputError with code 'recipe-invalid'; `where` is the first wrong field. */
export function checkRecipe(value: unknown, path: string): Recipe {
  const result = recipeSchema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap((issue) => faultsOf(issue, value));
  const list = faults.slice(0, 8).map(({ at, what }) => `  ${at}: ${what}`);
  const more = faults.length > list.length ? [`  and ${faults.length - list.length} more`] : [];
  const fix = 'the schema of recipes says what it may hold';
  throw new InputError(
    'recipe-invalid',
    [
      `recipe ${show(path)} has ${faults.length} wrong ${faults.length === 1 ? 'field' : 'fields'}; ${fix}`,
      ...list,
      ...more,
    ].join('\n'),
    { where: faults[0].at, wanted: 'a recipe', found: faults[0].what, fix },
  );
}

interface Fault {
  readonly at: string;
  readonly what: string;
}

const FIELDS: Readonly<Record<string, Kind>> = {
  model: textKind as Kind,
  out: textKind as Kind,
  ...Object.fromEntries(Object.entries(OPTIONS).map(([key, { kind }]) => [key, kind as Kind])),
};

function faultsOf(issue: z.core.$ZodIssue, recipe: unknown): Fault[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ at: key, what: unknownField(key) }));
  const [field] = issue.path.map(String);
  if (field === undefined) return [{ at: 'the recipe', what: `wanted an object, found ${shown(recipe)}` }];
  if (issue.code === 'custom' && issue.path.length === 1 && issue.message !== 'Invalid input')
    return [{ at: field, what: issue.message }];
  const value = (recipe as Record<string, unknown>)[field];
  return [
    {
      at: field,
      what: `wanted ${FIELDS[field]?.wants ?? 'another value'}, found ${value === undefined ? 'nothing' : shown(value)}`,
    },
  ];
}

function unknownField(key: string): string {
  const near = closest(key, Object.keys(FIELDS));
  return `there is no such field${near ? `; did you mean ${near}?` : ''}`;
}

function shown(value: unknown): string {
  if (typeof value !== 'object' || value === null) return show(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}
