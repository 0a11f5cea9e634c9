import { InputError, show } from '@espalier/core';
import type * as z from 'zod';
import { closest } from '../model-source.js';
import { type Recipe, recipeSchema } from './schema.js';

/** Throws an InputError with code 'recipe-invalid'; `where` is the path of the first wrong field. */
export function checkRecipe(value: unknown, path: string): Recipe {
  const result = recipeSchema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap(faultsOf);
  const list = faults.slice(0, 8).map(({ at, what }) => `  ${at}: ${what}`);
  const more = faults.length > list.length ? [`  and ${faults.length - list.length} more`] : [];
  const fix = 'espalier train --schema prints what a recipe may hold';
  throw new InputError(
    'recipe-invalid',
    [
      `recipe ${show(path)} has ${faults.length} wrong ${faults.length === 1 ? 'field' : 'fields'}; ${fix}`,
      ...list,
      ...more,
    ].join('\n'),
    {
      where: faults[0].at,
      wanted: 'a recipe',
      found: faults[0].what,
      fix,
    },
  );
}

interface Fault {
  readonly at: string;
  readonly what: string;
}

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  const at = issue.path.map(String).join('.') || 'the recipe';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const near = closest(key, namesAt(issue.path));
      return {
        at: [...issue.path.map(String), key].join('.'),
        what: `there is no such field${near ? `; did you mean ${near}?` : ''}`,
      };
    });
  }
  if (issue.code === 'custom') return [{ at, what: issue.message }];
  const { input } = issue as { input?: unknown };
  return [{ at, what: `wanted ${wantedBy(issue)}, found ${input === undefined ? 'nothing' : shown(input)}` }];
}

function wantedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
  if (issue.code === 'invalid_type')
    return `a${/^[aeiou]/.test(issue.expected) ? 'n' : ''} ${issue.expected.replace('int', 'integer')}`;
  if (issue.code === 'invalid_union') return 'a kind that there is';
  if (issue.code === 'too_small' && issue.origin === 'string') return 'a text that is not empty';
  if (issue.code === 'too_small') return issue.inclusive ? `at least ${issue.minimum}` : `more than ${issue.minimum}`;
  if (issue.code === 'too_big') return issue.inclusive ? `at most ${issue.maximum}` : `less than ${issue.maximum}`;
  return issue.message;
}

function shown(value: unknown): string {
  if (typeof value !== 'object' || value === null) return show(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** The fields at a path, for the word that a typing mistake meant. */
function namesAt(path: readonly PropertyKey[]): string[] {
  const shape = (schema: unknown): Record<string, unknown> => {
    const def = (schema as { def?: { shape?: Record<string, unknown>; innerType?: unknown; options?: unknown[] } }).def;
    if (def?.shape) return def.shape;
    if (def?.innerType) return shape(def.innerType);
    return Object.assign({}, ...(def?.options ?? []).map(shape));
  };
  return Object.keys(
    path.reduce<Record<string, unknown>>((fields, key) => shape(fields[String(key)]), shape(recipeSchema)),
  );
}
