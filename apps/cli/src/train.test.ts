import { countKept, decodePlan } from '@espalier/core';
import { spawn } from 'node:child_process';
import { readFileSync, existsSync, writeFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BIN, espalier, scratch, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');
const data = join(dir, 'data.mjs');
writeFileSync(
  data,
  `const part = (n, from) => ({ x: Float32Array.from({ length: 4 * n }, (_, i) => Math.cos(i + from)), y: Int32Array.from({ length: n }, (_, i) => i % 3), shape: [4], classes: 3 });
   export default { train: part(60, 0), test: part(30, 1000) };`,
);
const base = { model: tiny, data, batch: 10 };
const tuned = { ...base, fineTune: 2 };

const write = (name: string, recipe: object) => {
  writeFileSync(join(dir, name), JSON.stringify(recipe));
  return join(dir, name);
};

describe('espalier train', () => {
  test('--dry-run prints the resolved recipe, of TypeScript too, and writes nothing', () => {
    const path = join(dir, 'recipe.ts');
    writeFileSync(
      path,
      `import { defineRecipe } from '@espalier/cli/recipe';\nconst epochs: number = 3;\nexport default () => defineRecipe({ model: 'm', data: 'mnist', strategy: 'nm', fineTune: epochs });`,
    );
    const run = espalier(['train', path, '--dry-run', '--seed', '7', '-o', join(dir, 'nowhere')]);
    expect(run.code).toBe(0);
    expect(run.json()).toMatchObject({
      keep: 2,
      group: 4,
      seed: 7,
      out: join(dir, 'nowhere'),
      fineTune: 3,
      lr: 0.003,
      batch: 64,
    });
    expect(existsSync(join(dir, 'nowhere'))).toBe(false);
  });

  test.each<[string, object, number]>([
    [
      'gradual',
      { schedule: 'gradual', epochs: 2, updates: 3, sparsity: 0.75, distill: true, patience: 3, heldOut: 0.2 },
      10,
    ],
    ['sr-ste', { strategy: 'nm', keep: 1, group: 2, tail: 'dense', permute: true, schedule: 'sr-ste', epochs: 2 }, 21],
    ['running-fisher', { scorer: 'running-fisher', schedule: 'gradual', epochs: 2, updates: 3, sparsity: 0.75 }, 10],
    ['obs', { scorer: 'obs', repair: 'obs', fineTune: 2 }, 21],
    ['obs-without-labels', { scorer: 'obs', repair: 'obs', repairSteps: 0, fineTune: 2 }, 21],
    ['rigl', { schedule: 'rigl', epochs: 2, every: 2 }, 21],
    ['budget', { params: 0.6, fineTune: 1 }, 22],
    ['lottery-ticket', { schedule: 'lottery-ticket', epochs: 2, rounds: 2, scope: 'local' }, 21],
  ])('%s: prunes, trains and writes a model and its plan', async (name, change, kept) => {
    const out = join(dir, `out-${name}`);
    const run = espalier(['train', write(`${name}.json`, { ...base, ...change }), '-o', out, '--json']);
    expect(run.stderr).not.toContain('error');
    const { params, files, training, accuracy } = run.json();
    expect(params.kept).toBe(9 + kept);
    expect(training.losses.every(Number.isFinite)).toBe(true);
    expect(accuracy.pruned).toBeGreaterThanOrEqual(0);
    expect(readdirSync(out).sort()).toEqual(files.map((f: { path: string }) => f.path.split('/').pop()).sort());
    const plan = decodePlan(new Uint8Array(readFileSync(join(out, 'pruning.plan'))));
    const counts = await Promise.all(plan.params.map(async (id) => countKept(await plan.mask(id))));
    expect(counts.reduce((a, b) => a + b)).toBe(kept);
  });

  test('what is said of a pruning on the command line is said in a recipe, and makes the same bytes', () => {
    const options = {
      strategy: 'structured',
      macs: 0.7,
      aggregate: 'l2',
      floor: { fc1: 0.3 },
      fineTune: 1,
      scorer: 'gradient',
    };
    const words =
      '--strategy structured --macs 0.7 --aggregate l2 --floor fc1=0.3 --fine-tune 1 --scorer gradient'.split(' ');
    const [one, other] = ['by-recipe', 'by-words'].map((name) => join(dir, name));
    const recipe = write('same.json', { ...base, ...options, reestimateNorms: true, keepInputs: ['fc9'] });
    expect(espalier(['train', recipe, '-o', one]).stderr).toContain("no parameter or layer matches 'fc9'");
    const good = write('same.json', { ...base, ...options, reestimateNorms: true });
    expect(espalier(['train', good, '-o', one]).code).toBe(0);
    const run = espalier(['prune', tiny, '--data', data, '--batch', '10', '--reestimate-norms', ...words, '-o', other]);
    expect(run.code).toBe(0);
    const contents = (folder: string) =>
      readdirSync(folder).map((file) => [file, readFileSync(join(folder, file)).toString('base64')]);
    expect(contents(one)).toEqual(contents(other));
  });

  test('killed at any moment, it goes on from its last checkpoint, and ends with the same bytes', async () => {
    const recipe = {
      ...base,
      sparsity: 0.8,
      schedule: 'gradual',
      ...{ epochs: 150, distill: true, patience: 150, heldOut: 0.2 },
    };
    const path = write('killed.json', recipe);
    const [whole, killed] = ['whole', 'killed'].map((name) => join(dir, name));
    expect(espalier(['train', path, '-o', whole]).code).toBe(0);
    const child = spawn(process.execPath, [BIN, 'train', path, '-o', killed], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    while (!existsSync(join(killed, 'train.checkpoint')) && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    expect(readdirSync(killed)).toContain('train.checkpoint');
    expect(readdirSync(killed)).not.toContain('model.json');
    expect(espalier(['train', path, '-o', killed, '--resume']).code).toBe(0);
    const contents = (folder: string) =>
      readdirSync(whole).map((file) => [file, readFileSync(join(folder, file)).toString('base64')]);
    expect(contents(killed)).toEqual(contents(whole));
  });

  test('what is wrong has its exit code, and nothing is written', () => {
    const out = join(dir, 'none');
    const good = write('good.json', tuned);
    writeFileSync(join(dir, 'broken.json'), '{');
    writeFileSync(join(dir, 'throws.mjs'), 'throw new Error("no luck")');
    for (const [args, code, message] of [
      [['train'], 2, 'wants a recipe'],
      [['train', good], 2, '-o, --out is missing'],
      [['train', good, '-o', out, '--resume'], 2, 'leave --resume out'],
      [['train', join(dir, 'absent.json'), '-o', out], 3, 'nothing there'],
      [['train', join(dir, 'broken.json'), '-o', out], 3, 'wanted JSON'],
      [['train', join(dir, 'throws.mjs'), '-o', out], 3, 'no luck'],
      [
        ['train', write('wrong.json', { ...tuned, sparsity: 2 }), '-o', out],
        3,
        'sparsity: wanted a fraction from 0 to 1, found 2',
      ],
    ] as const) {
      const run = espalier(args);
      expect(run.stderr).toContain(message);
      expect([run.code, run.stdout, existsSync(out)]).toEqual([code, '', false]);
    }
  });
});
