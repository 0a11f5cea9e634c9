// Prints every file that would be published although no entry point of its package reaches it (tests, their helpers, what is dead), and
// every entry point that is not there. npm itself says which sources go; what the build puts beside them follows from tsconfig.json.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { root } from '../architecture/rooms.mjs';
import { published } from './packages.mjs';

const isSource = (path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts');

function imported(file) {
  return ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles.flatMap(({ fileName }) => {
    if (!fileName.startsWith('.')) return [];
    // A command's file in bin/ runs what is built.
    const stem = resolve(dirname(file), fileName.replace(/^\.\.\/dist\//, '../src/')).replace(/\.jsx?$/, '');
    return [`${stem}.ts`, `${stem}.tsx`].filter((path) => existsSync(path));
  });
}

function reached(files) {
  const seen = new Set(files);
  for (const file of seen) for (const next of imported(file)) seen.add(next);
  return seen;
}

function compiled(folder) {
  const path = join(folder, 'tsconfig.json');
  const { fileNames } = ts.parseJsonConfigFileContent(ts.readConfigFile(path, ts.sys.readFile).config, ts.sys, folder);
  return fileNames.filter(isSource).map((file) => resolve(file));
}

const packages = published();
const args = ['pack', '--dry-run', '--json', '--ignore-scripts', ...packages.map(({ folder }) => `./${folder}`)];
const packed = JSON.parse(
  execFileSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] }),
);
const contents = new Map(Object.values(packed).map(({ name, files }) => [name, files.map(({ path }) => path)]));

for (const { folder, name, bins, entries } of packages) {
  const at = join(root, folder);
  const starts = [...entries.map(({ source }) => source), ...bins].map((path) => join(at, path));
  for (const path of starts) if (!existsSync(path)) console.log(`${relative(root, path)} is not there`);
  const wanted = reached(starts.filter((path) => existsSync(path)));
  const sources = contents.get(name).filter((path) => path.startsWith('src/') && isSource(path));
  const found = new Set([...sources.map((path) => join(at, path)), ...compiled(at)]);
  const isTesting = (file) => /(^|\/)testing|\.test\./.test(relative(at, file));
  for (const file of found) if (!wanted.has(file) || isTesting(file)) console.log(relative(root, file));
}
