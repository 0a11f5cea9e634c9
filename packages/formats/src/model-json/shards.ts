import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { show } from '@espalier/core';
import { refuseFile } from '../disk/files.js';
import type { WeightGroup } from './manifest.js';
import { refuse, showPath } from '../kit/refuse.js';
import { shardNameFault } from './shard-name.js';

const MISSING = 'copy the whole model folder, with every shard that model.json names';
const CONTAINED = 'keep the shards beside model.json and name them there by file name';

/** Whether a real path is not in a real folder. */
export function leaves(root: string, file: string): boolean {
  const inside = relative(root, file);
  return inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside);
}

/**
 * The real paths of every group's shards, all inside `dir`, each used once.
 * InputErrors: 'shard-path', 'shard-missing', 'shard-unreadable', 'shard-duplicate'.
 */
export async function locateShards(
  groups: readonly Pick<WeightGroup, 'paths'>[],
  modelPath: string,
  dir: string,
): Promise<string[][]> {
  const where = showPath(modelPath);
  const real = (path: string) => realpath(path).catch((error) => refuseFile('model', path, MISSING, error));
  const root = await real(dir);
  const seen = new Set([await real(modelPath)]);
  const located: string[][] = [];
  for (const { paths } of groups) {
    const files: string[] = [];
    for (const name of paths) {
      const fault = shardNameFault(name);
      if (fault !== undefined) {
        refuse('shard-path', where, 'shards inside its folder', `${show(name)} (${fault})`, CONTAINED);
      }
      const file = await realpath(join(dir, name)).catch((error) =>
        refuseFile('shard', join(dir, name), MISSING, error),
      );
      if (leaves(root, file)) {
        refuse('shard-path', where, 'shards inside its folder', `${show(name)} (a link that leaves it)`, CONTAINED);
      }
      if (seen.has(file)) refuse('shard-duplicate', where, 'each shard once', `${show(name)} again`, MISSING);
      seen.add(file);
      files.push(file);
    }
    located.push(files);
  }
  return located;
}
