import { InputError, show } from '@espalier/core';
import { createJiti } from 'jiti';
import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { checkRecipe } from '../recipe/check.js';
import type { Recipe } from '../recipe/schema.js';

const MODULES = ['.ts', '.mts', '.js', '.mjs'];

/**
 * The recipe in a JSON file, or the one that a TypeScript or JavaScript module exports by default. `alias` says where the package is
 * whose `defineRecipe` such modules import, also where nothing is installed. Throws InputErrors: 'recipe-missing', 'recipe-file' where
 * it is neither, and 'recipe-invalid' with the name of every wrong field.
 */
export async function loadRecipe(path: string, alias: Readonly<Record<string, string>> = {}): Promise<Recipe> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) {
    const found = stats ? 'something that is no file' : 'nothing there';
    throw failed('recipe-missing', path, 'a JSON or TypeScript file', found, 'check the path');
  }
  return checkRecipe(await read(path, alias), path);
}

async function read(path: string, alias: Readonly<Record<string, string>>): Promise<unknown> {
  const kind = extname(path).toLowerCase();
  try {
    if (MODULES.includes(kind)) {
      const jiti = createJiti(resolve(path), { fsCache: false, alias: { ...alias } });
      const value = await jiti.import(resolve(path), { default: true });
      return await (typeof value === 'function' ? value() : value);
    }
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const wanted = MODULES.includes(kind) ? 'a module that exports a recipe by default' : 'JSON';
    const fix = 'write a recipe as JSON, or export it by default from a .ts file';
    throw failed('recipe-file', path, wanted, found, fix, error);
  }
}

function failed(code: string, path: string, wanted: string, found: string, fix: string, cause?: unknown): InputError {
  return new InputError(code, `recipe ${show(path)}: wanted ${wanted}, found ${found}; ${fix}`, {
    where: path,
    wanted,
    found,
    fix,
    cause,
  });
}
