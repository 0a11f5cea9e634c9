import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { espalier, scratch, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');

describe('wrong use is exit 2, with nothing written', () => {
  const out = join(dir, 'never');
  test.each([
    ['no output', ['prune', tiny], '-o, --out'],
    ['no model', ['prune'], 'missing required argument'],
    ['unknown option', ['prune', tiny, '--frobnicate'], 'unknown option'],
    ['unknown command', ['trim', tiny], 'unknown command'],
    ['sparsity outside [0, 1]', ['prune', tiny, '-o', out, '--sparsity', '1.5'], '0 to 1'],
    ['sparsity that is no number', ['prune', tiny, '-o', out, '--sparsity', 'half'], "'half'"],
    [
      'sparsity against the pattern',
      ['prune', tiny, '-o', out, '--strategy', 'nm', '--sparsity', '0.9', '--tail', 'dense'],
      '--sparsity wants 0.5, which 2:4 fixes',
    ],
    [
      'a pattern that is none',
      ['prune', tiny, '-o', out, '--strategy', 'nm', '--keep', '4', '--group', '4'],
      '--keep wants less than --group, which is 4',
    ],
    ['N:M options without N:M', ['prune', tiny, '-o', out, '--keep', '2'], '--strategy nm'],
    ['a block without its strategy', ['prune', tiny, '-o', out, '--block', '4x1'], '--strategy block'],
    ['a block that is none', ['prune', tiny, '-o', out, '--strategy', 'block', '--block', '4'], 'OUTPUTSxINPUTS'],
    [
      'a block of one',
      ['prune', tiny, '-o', out, '--strategy', 'block', '--block', '1x1'],
      '--block wants a block of more than one weight',
    ],
    [
      'N:M both ways after a permutation of one',
      ['prune', tiny, '-o', out, '--strategy', 'nm', '--permute', '--transposable'],
      'leave out --transposable',
    ],
    ['unknown scorer', ['prune', tiny, '-o', out, '--scorer', 'vibes'], 'magnitude, random, gradient, hessian'],
    ['gradient without data', ['prune', tiny, '-o', out, '--scorer', 'gradient'], '--data'],
    ['fine-tuning without data', ['prune', tiny, '-o', out, '--fine-tune', '1'], '--data'],
    ['ignoring what is not there', ['prune', tiny, '-o', out, '--ignore', 'conv*'], "'conv*'"],
    ['everything ignored', ['prune', tiny, '-o', out, '--ignore', 'fc*'], 'nothing in this model'],
    ['figure of a strange kind', ['prune', tiny, '-o', out, '--figure', 'x.gif'], '.svg or .png'],
    [
      'figure of a strange layer',
      ['prune', tiny, '-o', out, '--figure', 'x.svg', '--layer', 'fc9'],
      'fc1/kernel, fc2/kernel',
    ],
    ['all channels', ['prune', tiny, '-o', out, '--strategy', 'structured', '--sparsity', '1'], 'at least one'],
    ['unknown loss', ['prune', tiny, '-o', out, '--loss', 'regret'], 'regret'],
  ])('%s', (_name, args, message) => {
    const run = espalier(args);
    expect(run.stderr).toContain(message);
    expect([run.code, run.stdout]).toEqual([2, '']);
    expect(existsSync(out)).toBe(false);
  });
});

describe('bad input is exit 3, with nothing written', () => {
  const out = join(dir, 'never');
  const idx = (name: string, bytes: number[]) => {
    writeFileSync(join(dir, name), Uint8Array.from(bytes));
    return join(dir, name);
  };
  const broken: [string, () => string, string][] = [
    ['no such model', () => join(dir, 'nowhere'), 'nowhere'],
    [
      'a folder without a model',
      () => (mkdirSync(join(dir, 'empty'), { recursive: true }), join(dir, 'empty')),
      'model.json',
    ],
    ['shard missing', () => tinyModel(dir, 'b1', (m) => (m.weightsManifest[0].paths = ['gone.bin'])), 'gone.bin'],
    [
      'shard outside the folder',
      () => tinyModel(dir, 'b2', (m) => (m.weightsManifest[0].paths = ['../tiny/weights.bin'])),
      '../tiny/weights.bin',
    ],
    [
      'negative dimension',
      () => tinyModel(dir, 'b3', (m) => (m.weightsManifest[0].weights[0].shape = [-4, 6])),
      'fc1/kernel',
    ],
    [
      'duplicate weight',
      () => tinyModel(dir, 'b4', (m) => (m.weightsManifest[0].weights[1].name = 'fc1/kernel')),
      'fc1/kernel',
    ],
    ['truncated weights', () => tinyModel(dir, 'b5', undefined, new Uint8Array(200)), 'weights.bin'],
    ['over-long weights', () => tinyModel(dir, 'b6', undefined, new Uint8Array(208)), 'weights.bin'],
    [
      'NaN weight',
      () =>
        tinyModel(
          dir,
          'b7',
          undefined,
          new Uint8Array(Float32Array.from({ length: 51 }, (_, i) => (i === 30 ? NaN : 1)).buffer),
        ),
      'fc2/kernel',
    ],
    [
      'unknown layer',
      () => tinyModel(dir, 'b8', (m) => (m.modelTopology.config.layers[1].class_name = 'Warp')),
      'Warp',
    ],
    [
      'weight missing from the manifest',
      () => tinyModel(dir, 'b9', (m) => m.weightsManifest[0].weights.pop(), new Uint8Array(48 * 4)),
      'fc2/bias',
    ],
    [
      'shape against the topology',
      () => tinyModel(dir, 'b10', (m) => (m.weightsManifest[0].weights[0].shape = [6, 4])),
      'fc1/kernel',
    ],
    [
      'not JSON',
      () => (
        mkdirSync(join(dir, 'b11'), { recursive: true }),
        writeFileSync(join(dir, 'b11', 'model.json'), '{'),
        join(dir, 'b11')
      ),
      'model.json',
    ],
  ];
  test.each(broken)('%s', (_name, make, message) => {
    const run = espalier(['prune', make(), '-o', out, '--json']);
    expect(run.stderr).toContain(message);
    expect(run.code).toBe(3);
    expect(run.json().error).toMatchObject({ code: expect.any(String), message: expect.any(String) });
    expect(existsSync(out)).toBe(false);
  });

  test('data whose shape does not fit', () => {
    const images = idx('images.idx', [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]);
    const labels = idx('labels.idx', [0, 0, 8, 1, 0, 0, 0, 2, 0, 1]);
    const run = espalier(['prune', tiny, '-o', out, '--data', `idx:${images},${labels}`, '--json']);
    expect(run.json().error).toMatchObject({ code: 'data-shape' });
    expect(run.code).toBe(3);
  });
});

test('an output that cannot be written is exit 4', () => {
  const file = join(dir, 'in-the-way');
  writeFileSync(file, '');
  for (const out of [file, join(file, 'deeper')]) {
    const run = espalier(['prune', tiny, '-o', out, '--json']);
    expect([run.code, run.json().error.code]).toEqual([4, 'output-unwritable']);
  }
});
