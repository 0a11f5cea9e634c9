import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
/** What the packages of a role share brings nothing of its own. */
const KIT = 'kit';
const folders = (role: string) =>
  readdirSync(join(root, role)).flatMap((name) => (name === KIT ? [] : [`${role}/${name}`]));
const PACKAGES = [
  ...['models', 'scorers', 'strategies', 'repairs'].flatMap((role) => folders(`packages/${role}`)),
  'packages/train',
];
const FACTORY = /export function (\w+)\([^;]{0,200}?\): (Scorer|Strategy|Repair|\w+Prunable) \{/g;

const sourcesOf = (folder: string) =>
  readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => ({ name, text: readFileSync(join(root, folder, 'src', name), 'utf8') }));

const plugins = PACKAGES.flatMap((folder) => {
  const sources = sourcesOf(folder);
  const tests = sources.flatMap(({ name, text }) => (name.includes('.test.') ? [text] : [])).join('\n');
  return sources
    .filter(({ name }) => !name.includes('test'))
    .flatMap(({ text }) => [...text.matchAll(FACTORY)])
    .map(([, name, type]) => ({ folder, name, kind: type.endsWith('Prunable') ? 'Adapter' : type, tests }));
});

test('every folder of a role has a plug-in', () => {
  const found = new Set(plugins.map(({ folder }) => folder));
  expect(PACKAGES.filter((folder) => !found.has(folder))).toEqual([]);
});

test.each(plugins.map(({ folder, name, kind, tests }) => [kind, name, folder, tests] as const))(
  'the laws of a %s are run by the tests of %s in %s',
  (kind, name, _, tests) => {
    const runs = tests.match(new RegExp(`describe${kind}\\([^;]*;`, 'g')) ?? [];
    expect(runs.some((run) => new RegExp(`\\b${name}\\b`).test(run))).toBe(true);
  },
);
