import { stat } from 'node:fs/promises';
import { InputError, show } from '@espalier/core';
import { ZOO, type ZooName } from '@espalier/zoo';

export interface ModelSource {
  /** What the user called it. */
  readonly name: string;
  /** A model's folder or its model.json. */
  readonly path: string;
}

/**
 * The model that a word on the command line means: a path that exists, else a model of the zoo. What lies at the path is
 * not looked at. InputError 'model-missing' for anything else, with the names there are.
 */
export async function resolveModel(name: string): Promise<ModelSource> {
  const isPath = await stat(name).then(
    () => true,
    // Something is there, or the name can be none: the reader says what is wrong with it.
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );
  if (isPath) return { name, path: name };
  if (Object.hasOwn(ZOO, name)) return { name, path: ZOO[name as ZooName].dir };
  const names = Object.keys(ZOO);
  const wanted = `a model's folder, its model.json or one of ${names.join(', ')}`;
  const near = closest(name, names);
  const fix = near === undefined ? 'check the path' : `did you mean ${near}?`;
  throw new InputError('model-missing', `model ${show(name)}: wanted ${wanted}, found nothing there; ${fix}`, {
    where: name,
    wanted,
    found: 'nothing there',
    fix,
  });
}

/** The name that a typing mistake meant: the nearest by edit distance, if less than half of it differs. */
export function closest(word: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, distance: editDistance(word.toLowerCase(), name) }))
    .filter(({ name, distance }) => distance < name.length / 2)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

/** Levenshtein's: insertions, removals and replacements of one character. */
function editDistance(a: string, b: string): number {
  // A word much longer than any name is none of them, however it is edited.
  if (a.length > 2 * b.length) return a.length;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
