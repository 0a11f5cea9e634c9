/** Whatever a package can say, every language can say: each src/notes.ts is found by itself. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { said } from '../../packages/report/src/texts/said.zh.js';

const root = join(__dirname, '..', '..');
type Table = Readonly<Record<string, string>>;

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'packages', 'apps'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path.endsWith('/src/notes.ts') && existsSync(join(root, path)));

interface Said {
  readonly path: string;
  readonly code: string;
  readonly text: string;
}

async function notesIn(path: string): Promise<Said[]> {
  const { NOTES } = (await import(join(root, path))) as { NOTES: Table };
  return Object.entries(NOTES).map(([code, text]) => ({ path, code, text }));
}
const namesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

/** What is wrong with the tables: codes without another language, values that are lost or made up, codes that are not one. */
function faultsOf(notes: readonly Said[], language: Table): string[] {
  const texts = new Map<string, string>();
  const faults = notes.flatMap(({ path, code, text }) => {
    const other = Object.hasOwn(language, code) ? language[code] : undefined;
    const first = texts.get(code) ?? text;
    texts.set(code, first);
    if (first !== text) return [`${path}: '${code}' is another text elsewhere`];
    if (other === undefined) return [`${path}: '${code}' has no translation`];
    return namesIn(other).join() === namesIn(text).join() ? [] : [`${path}: '${code}' has other values in translation`];
  });
  return [...faults, ...Object.keys(language).flatMap((code) => (texts.has(code) ? [] : [`nobody says '${code}'`]))];
}

test('every note is said in Chinese with the values that it has, and no code is two', async () => {
  expect(files.length).toBeGreaterThan(9);
  expect(faultsOf((await Promise.all(files.map(notesIn))).flat(), said)).toEqual([]);
  for (const text of Object.values(said))
    expect(text.replace(/\{\w+\}/g, '')).toMatch(/\p{Script=Han}|^[^\p{Letter}]*$/u);
});

test.each<[string, Said[], Table, string[]]>([
  ['no translation', [{ path: 'a', code: 'x', text: 'one' }], {}, ["a: 'x' has no translation"]],
  [
    'a value less',
    [{ path: 'a', code: 'x', text: '{n} of {m}' }],
    { x: '{n}' },
    ["a: 'x' has other values in translation"],
  ],
  [
    'a value more',
    [{ path: 'a', code: 'x', text: '{n}' }],
    { x: '{n} {m}' },
    ["a: 'x' has other values in translation"],
  ],
  ['a text of nobody', [], { x: '一' }, ["nobody says 'x'"]],
  [
    'one code for two',
    [
      { path: 'a', code: 'x', text: 'one' },
      { path: 'b', code: 'x', text: 'two' },
    ],
    { x: '一' },
    ["b: 'x' is another text elsewhere"],
  ],
])('the check sees %s', (_, notes, language, wanted) => {
  expect(faultsOf(notes, language)).toEqual(wanted);
});
