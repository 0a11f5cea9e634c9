// The packages that are published, and their entry points.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, rooms } from '../architecture/rooms.mjs';

const read = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));

/** Every package that npm would publish: its folder, its name, its commands, and each entry point's source and types. */
export function published() {
  return rooms().flatMap(({ folder, name }) => {
    const { exports = {}, bin = {}, private: isPrivate } = read(folder);
    if (isPrivate) return [];
    const entries = Object.entries(exports).flatMap(([path, target]) =>
      typeof target === 'object' ? [{ path, source: target['@espalier/source'], types: target.types }] : [],
    );
    return [{ folder, name, bins: Object.values(bin), entries }];
  });
}
