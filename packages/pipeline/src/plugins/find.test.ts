import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRepair, findScorer, findStrategy, labelOfPlugin, type LoadModule } from './find.js';
import { namesOf, REPAIRS, SCORERS, STRATEGIES } from './lists.js';
import { needsData } from './needs-data.js';

const modules: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  './mine.mjs': {
    default: ({ seed }: { seed: number }) => ({ name: `mine-${seed}`, score: async () => ({ params: [] }) }),
    plain: { name: 'plain', score: async () => ({ params: [] }) },
    nameless: () => ({ score: async () => ({ params: [] }) }),
    idle: () => ({ name: 'idle' }),
    nothing: () => null,
    thrower: () => {
      throw new Error('no luck');
    },
  },
  'their-rows': { default: (settings: object) => ({ name: 'rows', settings, select: async () => ({}) }) },
  './repair.mjs': { default: ({ steps }: { steps?: number }) => ({ name: `glue-${steps}`, repair: async () => ({}) }) },
  './empty.mjs': {},
};
const load: LoadModule = async (path) => {
  if (path === './broken.mjs') throw new SyntaxError('unexpected token');
  if (modules[path]) return modules[path];
  throw Object.assign(new Error('nothing there'), { code: 'plugin-missing' });
};
const seed = 7;

test('each of ours is made by its name, and is called by it', async () => {
  for (const { name, data } of SCORERS) {
    const scorer = await findScorer(name, { seed });
    expect(typeof scorer.score).toBe('function');
    expect(labelOfPlugin('scorer', name, scorer)).toBe(name);
    expect(needsData(name)).toBe(data);
  }
  for (const strategy of namesOf(STRATEGIES)) {
    expect(typeof (await findStrategy({ strategy })).select).toBe('function');
  }
  for (const name of namesOf(REPAIRS)) expect(typeof (await findRepair(name, {}))!.repair).toBe('function');
  expect(await findRepair('none', {})).toBeUndefined();
  expect((await findStrategy({ strategy: 'block', block: '16x1', scope: 'local' })).name).toContain('16');
});

test('those of others: a factory or the thing itself, by default or by name; options reach them', async () => {
  const mine = await findScorer('./mine.mjs', { seed, load });
  expect([mine.name, labelOfPlugin('scorer', './mine.mjs', mine)]).toEqual(['mine-7', 'mine-7']);
  expect((await findScorer('./mine.mjs#plain', { seed, load })).name).toBe('plain');
  const rows = (await findStrategy({ strategy: 'their-rows', scope: 'local' }, load)) as unknown as {
    settings: object;
  };
  expect(rows.settings).toMatchObject({ strategy: 'their-rows', scope: 'local' });
  expect((await findRepair('./repair.mjs', { steps: 3 }, load))!.name).toBe('glue-3');
});

test.each([
  ['magnitud', 'plugin-unknown', "scorer 'magnitud': wanted one of magnitude, random", 'did you mean magnitude?'],
  ['./gone.mjs', 'plugin-unknown', 'found no such thing', 'check the name or the path'],
  ['./broken.mjs', 'plugin-broken', 'wanted a module that loads', 'unexpected token'],
  ['./empty.mjs', 'plugin-broken', 'wanted a default export', 'no exports'],
  ['./mine.mjs#absent', 'plugin-broken', "wanted an export 'absent'", "'default', 'plain'"],
  ['./mine.mjs#nameless', 'plugin-broken', 'wanted a scorer with a name', 'found'],
  ['./mine.mjs#idle', 'plugin-broken', 'wanted a scorer with a method score', 'export a factory'],
  ['./mine.mjs#nothing', 'plugin-broken', 'wanted a scorer, found null', 'export a factory'],
  ['./mine.mjs#thrower', 'plugin-broken', 'one that throws', 'no luck'],
])('%s is refused with %s', async (name, code, ...texts) => {
  const error = await findScorer(name, { seed, load }).catch((reason: Error) => reason);
  expect(error).toMatchObject({ name: 'UsageError', code, where: 'scorer' });
  for (const text of texts) expect((error as Error).message).toContain(text);
});

test('where nobody loads modules there are none', async () => {
  await expect(findScorer('./mine.mjs', { seed })).rejects.toMatchObject({ code: 'plugin-unknown' });
});

test('a program on Node loads them: paths, packages, TypeScript', () => {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-plugins-'));
  try {
    const inPackage = join(dir, 'node_modules', 'espalier-scorer-mine');
    mkdirSync(inPackage, { recursive: true });
    writeFileSync(
      join(inPackage, 'package.json'),
      JSON.stringify({ name: 'espalier-scorer-mine', type: 'module', exports: { import: './main.js' } }),
    );
    writeFileSync(join(inPackage, 'main.js'), 'export default 1; export const named = 2;');
    writeFileSync(join(dir, 'mine.mjs'), 'export default 3;');
    writeFileSync(join(dir, 'typed.ts'), 'const four: number = 4; export default four;');
    const loader = join(__dirname, '..', '..', 'dist', 'node', 'load-plugin.js');
    const script = `
      const { pluginLoader } = await import(${JSON.stringify(loader)});
      const load = pluginLoader(${JSON.stringify(dir)});
      const found = [];
      for (const name of ['espalier-scorer-mine', './mine.mjs', 'mine.mjs', './typed.ts'])
        found.push((await load(name)).default);
      for (const name of ['./none.mjs', 'no-such-package'])
        await load(name).catch(({ code }) => found.push(code));
      console.log(JSON.stringify(found));`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(JSON.parse(out)).toEqual([1, 3, 3, 4, 'plugin-missing', 'plugin-missing']);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
