// npm run architecture: draws docs/architecture.svg from rooms.mjs and the imports in the sources; with --check, says whether it is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { arrowsOf, boxesOf } from './boxes.mjs';
import { roomsWithImports } from './imports.mjs';
import { picture } from './picture.mjs';
import { root } from './rooms.mjs';

const path = join(root, 'docs', 'architecture.svg');
const rooms = roomsWithImports();
const boxes = boxesOf(rooms);
const svg = picture(boxes, arrowsOf(boxes, rooms));
if (!process.argv.includes('--check')) writeFileSync(path, svg);
else if (readFileSync(path, 'utf8') !== svg) {
  process.stderr.write('docs/architecture.svg is not what the sources say; npm run architecture draws it again.\n');
  process.exitCode = 1;
}
