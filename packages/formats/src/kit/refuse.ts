import { InputError, show } from '@espalier/core';

/** A path as a message shows it: its end names the file, so a long one loses its beginning. */
export function showPath(path: string): string {
  return show(path.length > 72 ? `...${path.slice(-69)}` : path);
}

/** Throws the InputError that every reader here throws: what, where, wanted, found, fix. */
export function refuse(
  code: string,
  where: string,
  wanted: string,
  found: string,
  fix: string,
  cause?: unknown,
): never {
  throw new InputError(code, `${where}: wanted ${wanted}, found ${found}; ${fix}`, {
    where,
    wanted,
    found,
    fix,
    cause,
  });
}

/** A JSON value as a message shows it: its kind where the value itself would be long. */
export function kind(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return show(value);
}

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
