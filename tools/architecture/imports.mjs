// Which package imports which, as its sources say; tests do not count, types do.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root, rooms } from './rooms.mjs';

const isSource = (path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path) && !/(^|\/)testing\//.test(path);

const importsOf = (file) => ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles.map(({ fileName }) => fileName);

/** The rooms of rooms.mjs, each with `imports`: the folders of the rooms that it imports. */
export function roomsWithImports() {
  const all = rooms();
  return all.map((room) => {
    const src = join(root, room.folder, 'src');
    const files = existsSync(src) ? readdirSync(src, { recursive: true }).filter(isSource) : [];
    const named = new Set(files.flatMap((file) => importsOf(join(src, file))));
    const uses = ({ name }) => [...named].some((from) => from === name || from.startsWith(`${name}/`));
    return { ...room, imports: all.filter((other) => other !== room && uses(other)).map(({ folder }) => folder) };
  });
}
