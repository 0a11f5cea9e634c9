// The rooms of the house, floor by floor from the ground up. A package stands on the floor of its folder; it may import what stands on
// lower floors and nothing else of ours. Lint, the picture in docs/ and CI read this table, and so does nobody else.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** `rooms` are folders; one that ends in /* holds a package in each of its folders that no lower floor names. */
export const FLOORS = [
  { name: 'contracts', rooms: ['packages/core'] },
  { name: 'kits', rooms: ['packages/data', 'packages/models/kit', 'packages/runtimes/kit'] },
  {
    name: 'plug-ins and libraries',
    rooms: [
      ...['models/*', 'scorers/*', 'strategies/*', 'repairs/*', 'runtimes/*'].map((role) => `packages/${role}`),
      ...['train', 'measure', 'formats', 'figures', 'conformance', 'zoo'].map((name) => `packages/${name}`),
    ],
  },
  { name: 'pipeline', rooms: ['packages/pipeline'] },
  { name: 'faces', rooms: ['packages/espalier', 'packages/report'] },
  { name: 'apps', rooms: ['apps/*'] },
];

const nameOf = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).name;

const inside = (role) =>
  readdirSync(join(root, role))
    .map((folder) => `${role}/${folder}`)
    .filter((folder) => existsSync(join(root, folder, 'package.json')));

/** Every package: its folder, its name and the number of its floor, 0 = the ground. */
export function rooms() {
  const found = new Map();
  FLOORS.forEach((floor, number) => {
    for (const room of floor.rooms) {
      for (const folder of room.endsWith('/*') ? inside(room.slice(0, -2)) : [room]) {
        if (!found.has(folder)) found.set(folder, { folder, name: nameOf(folder), floor: number });
      }
    }
  });
  return [...found.values()];
}
