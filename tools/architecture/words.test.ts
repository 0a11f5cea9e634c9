/** Libraries speak of their arguments; the command line turns that into options, in its own words. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

/** Comments may name options, and what a style sheet calls its colours looks like them. */
const spoken = (source: string) =>
  source
    .replace(/\/\*[^]*?\*\/|(?<=^\s*|[;,{}] )\/\/.*$/gm, '')
    .split('\n')
    .filter((line) => /['"`][^'"`]*(?<![\w{-])--[a-z][\w-]*(?![\w-]*:)/.test(line.replace(/var\(--\w+\)/g, '')));

test('no message of a library names an option of the command line', () => {
  const files = execFileSync('git', ['ls-files', 'packages'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((path) => /\/src\/.*\.tsx?$/.test(path) && !/\.test\.tsx?$|\/(testing|browser)\//.test(path));
  const found = files.flatMap((path) =>
    spoken(readFileSync(join(root, path), 'utf8')).map((line) => [path, line.trim()]),
  );
  expect(found).toEqual([]);
});

test.each([
  ["const fix = 'leave it out with --ignore fc';", 1],
  ['`${who} needs data (--data on the command line)`', 1],
  ["const fix = 'pass data'; // --data on the command line", 0],
  ['if (--left === 0) return `${--count} left`;', 0],
  ["const css = '.x { --ink: #000; color: var(--ink) }';", 0],
])('%s names %d', (line, count) => {
  expect(spoken(line)).toHaveLength(count);
});
