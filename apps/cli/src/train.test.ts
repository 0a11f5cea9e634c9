import { countKept, decodePlan } from '@espalier/core';
import { spawn } from 'node:child_process';
import { readFileSync, existsSync, writeFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkRecipe } from './recipe/check.js';
import { recipeJsonSchema } from './recipe/schema.js';
import { BIN, espalier, readJson, scratch, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');
const data = join(dir, 'data.mjs');
writeFileSync(
  data,
  `const part = (n, from) => ({ x: Float32Array.from({ length: 4 * n }, (_, i) => Math.cos(i + from)), y: Int32Array.from({ length: n }, (_, i) => i % 3), shape: [4], classes: 3 });
   export default { train: part(60, 0), test: part(30, 1000) };`,
);
const base = { model: tiny, data, training: { epochs: 2, batchSize: 10 } };
const faultsOf = (recipe: unknown) => {
  try {
    checkRecipe(recipe, 'x.json');
  } catch (error) {
    return error as Error & { where: string; code: string };
  }
  throw new Error('it was accepted');
};

test('a recipe of three fields has every default filled in', () => {
  expect(checkRecipe(base, 'x.json')).toEqual({
    ...base,
    backend: 'wasm',
    seed: 0,
    scorer: 'magnitude',
    strategy: { kind: 'unstructured', scope: 'global' },
    schedule: { kind: 'one-shot' },
    repair: 'none',
    ignore: [],
    training: { epochs: 2, batchSize: 10, learningRate: 0.003 },
  });
});

describe('every wrong field is named by its path', () => {
  test.each<[object, string, string]>([
    [
      { scorer: 'vibes' },
      'scorer',
      "wanted one of magnitude, random, gradient, hessian, gauss-newton, hutchinson, block-fisher, wanda, obs, running-fisher, found 'vibes'",
    ],
    [{ sparsity: 1.5 }, 'sparsity', 'wanted at most 1, found 1.5'],
    [{ sparsity: 'half' }, 'sparsity', "wanted a number, found 'half'"],
    [{ model: '' }, 'model', 'a text that is not empty'],
    [{ model: undefined }, 'model', 'wanted a string, found nothing'],
    [{ schdule: {} }, 'schdule', 'there is no such field; did you mean schedule?'],
    [{ strategy: { kind: 'nm', keeep: 1 } }, 'strategy.keeep', 'did you mean keep?'],
    [{ strategy: { kind: 'nm', keep: 4 } }, 'strategy.keep', 'wanted less than group, 4'],
    [{ strategy: { kind: 'nm', tail: 'cut' } }, 'strategy.tail', 'wanted one of error, dense'],
    [{ strategy: { kind: 'blocks' } }, 'strategy.kind', ''],
    [{ strategy: { kind: 'block', outputs: 1 } }, 'strategy.outputs', 'more than one weight'],
    [{ strategy: { kind: 'nm' }, sparsity: 0.9 }, 'sparsity', 'wanted 0.5, which 2:4 fixes'],
    [{ strategy: { kind: 'nm' }, schedule: { kind: 'gradual' } }, 'schedule.kind', 'N:M has one sparsity'],
    [{ schedule: { kind: 'sr-ste' } }, 'strategy.kind', 'wanted nm'],
    [{ repair: 'obs', schedule: { kind: 'gradual' } }, 'repair', 'wanted none: the schedule gradual trains'],
    [{ schedule: { kind: 'gradual', begin: 0.5, end: 0.4 } }, 'schedule.begin', 'less than end'],
    [{ schedule: { kind: 'rigl' }, strategy: { kind: 'nm' } }, 'strategy.kind', 'wanted unstructured'],
    [{ schedule: { kind: 'lottery-ticket', rewindTo: 2 } }, 'schedule.rewindTo', 'less than the 2 epochs'],
    [{ training: { epochs: 'ten' } }, 'training.epochs', "found 'ten'"],
    [{ training: { epochs: 0 } }, 'training.epochs', 'more than 0'],
    [{ training: { epochs: 1, distill: { alpha: 2 } } }, 'training.distill.alpha', 'at most 1'],
    [{ scorer: 'running-fisher' }, 'scorer', 'running-fisher is for the schedule gradual'],
    [{ repair: 'glue' }, 'repair', "found 'glue'"],
    [{ repairSteps: 2 }, 'repairSteps', 'for the repair obs'],
    [{ repair: 'obs', repairSteps: -1 }, 'repairSteps', 'at least 0'],
    [{ repair: 'bias' }, 'repair', 'of the strategy structured'],
  ])('%j', (change, where, message) => {
    const error = faultsOf({ ...base, ...change });
    expect(error).toMatchObject({ name: 'InputError', code: 'recipe-invalid', where });
    expect(error.message).toContain(message);
  });
  test('all of them at once, and what is no object', () => {
    expect(faultsOf({ ...base, scorer: 1, sparsity: -1, seed: 0.5 }).message.split('\n')).toHaveLength(4);
    for (const nothing of [null, 3, [], 'x']) expect(faultsOf(nothing).where).toBe('the recipe');
  });
});

test('the published schema is the one that is checked', () => {
  expect(readJson(join(__dirname, '..', 'recipe.schema.json'))).toEqual(JSON.parse(JSON.stringify(recipeJsonSchema())));
});

const write = (name: string, recipe: object) => {
  writeFileSync(join(dir, name), JSON.stringify(recipe));
  return join(dir, name);
};

describe('espalier train', () => {
  test('--dry-run prints the resolved recipe, of TypeScript too, and writes nothing', () => {
    const path = join(dir, 'recipe.ts');
    writeFileSync(
      path,
      `import { defineRecipe } from '@espalier/cli/recipe';\nconst epochs: number = 3;\nexport default () => defineRecipe({ model: 'm', data: 'mnist', strategy: { kind: 'nm' }, training: { epochs } });`,
    );
    const run = espalier(['train', path, '--dry-run', '--seed', '7', '-o', join(dir, 'nowhere')]);
    expect(run.code).toBe(0);
    expect(run.json()).toMatchObject({
      sparsity: 0.5,
      seed: 7,
      out: join(dir, 'nowhere'),
      training: { epochs: 3, batchSize: 64 },
    });
    expect(existsSync(join(dir, 'nowhere'))).toBe(false);
  });

  test.each<[string, object, number]>([
    [
      'gradual',
      {
        schedule: { kind: 'gradual', updates: 3 },
        sparsity: 0.75,
        training: { ...base.training, distill: {}, earlyStopping: { fraction: 0.2 } },
      },
      10,
    ],
    [
      'sr-ste',
      { strategy: { kind: 'nm', keep: 1, group: 2, tail: 'dense', permute: true }, schedule: { kind: 'sr-ste' } },
      21,
    ],
    [
      'running-fisher',
      { scorer: 'running-fisher', schedule: { kind: 'gradual', updates: 3 }, sparsity: 0.75, training: base.training },
      10,
    ],
    ['obs', { scorer: 'obs', repair: 'obs' }, 21],
    ['obs-without-labels', { scorer: 'obs', repair: 'obs', repairSteps: 0 }, 21],
    ['rigl', { schedule: { kind: 'rigl', every: 2 } }, 21],
    [
      'lottery-ticket',
      { schedule: { kind: 'lottery-ticket', rounds: 2 }, strategy: { kind: 'unstructured', scope: 'local' } },
      21,
    ],
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

  test('killed at any moment, it goes on from its last checkpoint, and ends with the same bytes', async () => {
    const recipe = {
      ...base,
      sparsity: 0.8,
      schedule: { kind: 'gradual' },
      training: { epochs: 150, batchSize: 10, distill: {}, earlyStopping: { fraction: 0.2, patience: 150 } },
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
    const good = write('good.json', base);
    writeFileSync(join(dir, 'broken.json'), '{');
    writeFileSync(join(dir, 'throws.mjs'), 'throw new Error("no luck")');
    for (const [args, code, message] of [
      [['train'], 2, 'wants a recipe'],
      [['train', good], 2, '-o, --out is missing'],
      [['train', good, '-o', out, '--resume'], 2, 'leave --resume out'],
      [['train', join(dir, 'absent.json'), '-o', out], 3, 'nothing there'],
      [['train', join(dir, 'broken.json'), '-o', out], 3, 'wanted JSON'],
      [['train', join(dir, 'throws.mjs'), '-o', out], 3, 'no luck'],
      [['train', write('wrong.json', { ...base, sparsity: 2 }), '-o', out], 3, 'sparsity: wanted at most 1'],
    ] as const) {
      const run = espalier(args);
      expect(run.stderr).toContain(message);
      expect([run.code, run.stdout, existsSync(out)]).toEqual([code, '', false]);
    }
  });
});
