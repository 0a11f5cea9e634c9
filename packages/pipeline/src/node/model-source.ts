import { stat } from 'node:fs/promises';
import { InputError, show } from '@espalier/core';
import { ZOO, type ZooName } from '@espalier/zoo';
import { closest } from '../closest.js';

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
