import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  draft,
  type Draft,
  type Kind,
  KINDS,
  MAIN,
  put,
  SHARD,
} from '../../../packages/formats/testing/hostile/drafts.js';
import { FILE_ROWS, GOOD_ROWS } from '../../../packages/formats/testing/hostile/rows.js';
import { espalierMany, scratch } from './testing.js';
import { TOPOLOGY_ROWS } from './testing-topologies.js';

const dir = scratch();
/** On a busy machine, the start of the first run included. */
const SLOW_MS = 30_000;

/** The same output for every run: a model and files of others, which all stay as they are. */
const out = join(dir, 'out');
mkdirSync(out);
for (const name of ['model.json', 'mine.txt', 'm.espalier', 'pruning.plan']) writeFileSync(join(out, name), name);
const contents = () => readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'utf8')]);

const commands = (path: string): string[][] => [
  ['validate', path],
  ['validate', path, '--json'],
  ['inspect', path],
  ['prune', path, '-o', out],
  ['convert', path, '-o', out],
  ['pack', path, '-o', join(out, 'm.espalier')],
];

let made = 0;
function model(kind: Kind, change: (d: Draft) => void): string {
  const d = draft(kind);
  change(d);
  return put(join(dir, `m${made++}`), d);
}

/** The lines that say what went wrong. */
const errorOf = (stderr: string) => stderr.slice(stderr.indexOf('error '));

describe.each(KINDS)('%s', (kind) => {
  test('what is in order passes', () => {
    const paths = GOOD_ROWS.filter(({ make }) => make[kind]).map(({ make }) => model(kind, make[kind]!));
    const runs = espalierMany(
      paths.flatMap((path) => [
        ['validate', path],
        ['inspect', path],
        ['prune', path, '--dry-run'],
      ]),
    );
    expect(runs.map(({ code, stderr }) => [code, code === 0 ? '' : stderr])).toEqual(runs.map(() => [0, '']));
  });

  test('what is not gets exit code 3, an error that names the file, and nothing is written', () => {
    const before = contents();
    const rows = FILE_ROWS.filter(({ make }) => make[kind]);
    const runs = rows.flatMap((row, i) => {
      const all = commands(model(kind, row.make[kind]!));
      // validate always, the other commands in turn.
      return [all[0], all[1 + (i % 5)]].map((args) => ({ row, args }));
    });
    const results = espalierMany(runs.map(({ args }) => args));
    results.forEach(({ code, stderr, stdout, ms }, i) => {
      const { row, args } = runs[i];
      const place = [row.what, args[0]];
      expect([...place, code]).toEqual([...place, 3]);
      expect([...place, ms < SLOW_MS]).toEqual([...place, true]);
      const error = errorOf(stderr);
      for (const text of [...(row.says ?? []), 'wanted', 'found']) expect(error).toContain(text);
      if (row.file !== 'any')
        expect(error).toMatch(row.file === 'main' ? MAIN[kind] : new RegExp(`${SHARD[kind]}|${MAIN[kind]}`));
      if (args.includes('--json')) {
        const { error: json } = JSON.parse(stdout);
        expect([...place, json.code]).toEqual([...place, expect.stringMatching(row.code)]);
        for (const part of ['where', 'wanted', 'found', 'fix']) expect(json[part]).toEqual(expect.any(String));
      } else expect([...place, stdout]).toEqual([...place, '']);
    });
    expect(contents()).toEqual(before);
  });
});

describe('layers and nodes', () => {
  test.each(['layers', 'graph', 'compact', 'safetensors'] as const)(
    '%s: every command refuses what does not fit',
    (kind) => {
      const before = contents();
      const rows = TOPOLOGY_ROWS.filter(({ of }) => (kind === 'graph') === (of === 'graph'));
      const runs = rows.flatMap((row) =>
        commands(model(kind, row.make))
          // An operation that a program may register is carried along with a note; a layer has to be made.
          .filter(
            ([name]) => !row.packs || name === 'validate' || (kind !== 'graph' && ['inspect', 'prune'].includes(name)),
          )
          // Safetensors compare shapes and dtypes with their own model already.
          .map((args) => ({ row, args })),
      );
      const results = espalierMany(runs.map(({ args }) => args));
      results.forEach(({ code, stderr, ms }, i) => {
        const { row, args } = runs[i];
        const place = [row.what, args[0]];
        expect([...place, code, code === 3 ? '' : stderr]).toEqual([...place, 3, '']);
        expect([...place, ms < SLOW_MS]).toEqual([...place, true]);
        const error = errorOf(stderr);
        expect(error).toContain(MAIN[kind]);
        if (kind !== 'safetensors') for (const text of row.says) expect(error).toContain(text);
      });
      expect(contents()).toEqual(before);
    },
  );

  test('what only some other program can load is packed and converted, with a note', () => {
    const rows = TOPOLOGY_ROWS.filter(({ packs }) => packs);
    const paths = rows.map(({ of, make }) => model(of, make));
    const runs = espalierMany(paths.map((path) => ['pack', path, '-o', join(dir, 'packed.espalier')]));
    runs.forEach(({ code, stderr }, i) => {
      expect([rows[i].what, code]).toEqual([rows[i].what, 0]);
      if (rows[i].of === 'layers') expect(stderr).toContain('the weights were not compared with the layers');
    });
  });
});
