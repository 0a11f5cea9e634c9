import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Note } from '@espalier/core';
import { espalier, espalierMany, scratch, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');

/** A data module with inputs x(sample, input) and labels from 0 to classes − 1 in turn. */
function data(name: string, n: number, x: string, kinds: { classes?: number; labels?: number } = {}): string {
  const { classes = 3, labels = classes } = kinds;
  const path = join(dir, `${name}.mjs`);
  writeFileSync(
    path,
    `const part = (n) => ({ x: Float32Array.from({ length: 4 * n }, (_, at) => { const [i, j] = [at >> 2, at % 4]; return ${x}; }),
       y: Int32Array.from({ length: n }, (_, i) => i % ${labels}), shape: [4], classes: ${classes} });
     export default { train: part(${n}), test: part(30) };`,
  );
  return path;
}

const wild = 'Math.cos(i * i * (j + 1) + j)';
const usual = data('usual', 60, wild);
const prune = (path: string, ...more: string[]) => ['prune', tiny, '--dry-run', '--data', path, '--json', ...more];
const textsIn = (run: ReturnType<typeof espalier>) => (run.json().notes as Note[]).map(({ text }) => text);
const obs = ['--scorer', 'obs', '--repair', 'obs'];

describe('what second-order pruning says of its data', () => {
  test.each<[string, string, string[], string[]]>([
    [
      'fewer samples than inputs',
      data('few', 3, wild),
      obs,
      [
        'fc1/kernel: 3 rows of calibration data for 4 inputs, too few to tell them apart; give at least 4',
        'fc2/kernel: 3 rows of calibration data for 6 inputs, too few to tell them apart; give at least 6',
      ],
    ],
    [
      'fewer samples than weights in a block',
      data('few-for-blocks', 3, wild),
      ['--scorer', 'block-fisher'],
      [
        'block-fisher: 3 samples of calibration data for blocks of 24 weights, too few to tell them apart; give at least 24',
      ],
    ],
    [
      'an input that is always zero',
      data('dead', 60, `j === 1 ? 0 : ${wild}`),
      obs,
      ['fc1/kernel: 1 of its inputs is zero in all calibration data'],
    ],
    [
      'inputs that go together',
      data('twins', 60, 'j === 3 ? Math.cos(i * i * 3 + 2) : Math.cos(i * i * (j + 1) + j)'),
      obs,
      ['fc1/kernel: its Hessian is singular, dampened by 0.01 of its mean diagonal to solve with it'],
    ],
  ])('%s', (_, path, options, said) => {
    const run = espalier(prune(path, ...options));
    expect(run.code).toBe(0);
    expect(textsIn(run)).toEqual(expect.arrayContaining(said));
    for (const note of said) expect(run.stderr).toContain(`! ${note}`);
  });

  test('nothing of data that is as it should be', () => {
    const said = textsIn(espalier(prune(usual, ...obs)));
    expect(said.filter((text) => text.startsWith('fc1/kernel'))).toEqual([]);
  });

  test('NaN, numbers that overflow and labels out of range are refused, and nothing is written', () => {
    const out = join(dir, 'none');
    const refused: [string, string][] = [
      [data('nan', 60, `i === 8 && j === 1 ? NaN : ${wild}`), 'wanted finite input values, found NaN in sample 8'],
      [data('huge', 60, `1e30 * ${wild}`), "'fc1/kernel' must be finite"],
      [data('labels', 60, wild, { classes: 3, labels: 4 }), 'wanted labels from 0 to 2, found 3 in sample 3'],
    ];
    const runs = espalierMany(refused.map(([path]) => [...prune(path, ...obs).filter((o) => o !== '--dry-run'), '-o', out])); // prettier-ignore
    runs.forEach((run, i) => {
      expect(run.code).toBe(3);
      expect(run.json().error.message).toContain(refused[i][1]);
    });
    expect(existsSync(out)).toBe(false);
  });

  test('labels that the model has no output for', () => {
    const path = data('classes', 60, wild, { classes: 5 });
    const run = espalier(prune(path, ...obs));
    expect([run.code, run.json().error.message]).toEqual([
      3,
      expect.stringContaining('wanted labels from 0 to 2, found labels up to 4'),
    ]);
  });
});

test('a loss that is not finite: where, exit code 3, and the last good checkpoint stays', () => {
  const out = join(dir, 'diverged');
  // One step an epoch, each of about the learning rate: the second one finds weights whose products overflow.
  const recipe = (epochs: number, lr: number) => {
    const path = join(dir, 'diverging.json');
    writeFileSync(path, JSON.stringify({ model: tiny, data: usual, schedule: 'gradual', epochs, batch: 60, lr }));
    return path;
  };
  const run = espalier(['train', recipe(3, 1e20), '-o', out, '--json']);
  expect(run.code).toBe(3);
  expect(run.json().error).toMatchObject({ code: 'loss-diverged', where: 'epoch 2 of 3, step 2 of 3' }); // prettier-ignore
  expect(readdirSync(out)).toEqual(['train.checkpoint']);
  expect(run.stderr).toContain('train.checkpoint holds the last good epoch');
  const again = espalier(['train', recipe(3, 1e20), '-o', out, '--json', '--resume']);
  expect(again.json().error).toMatchObject({ code: 'loss-diverged', where: 'epoch 2 of 3, step 2 of 3' });
});

test('a lottery ticket, which nothing goes on from, leaves no checkpoint', () => {
  const [out, path] = [join(dir, 'ticket'), join(dir, 'ticket.json')];
  const recipe = { model: tiny, data: usual, schedule: 'lottery-ticket', epochs: 3, batch: 60, lr: 1e20 };
  writeFileSync(path, JSON.stringify(recipe));
  const run = espalier(['train', path, '-o', out, '--json']);
  expect([run.code, run.json().error.code, existsSync(out)]).toEqual([3, 'loss-diverged', false]);
});

describe('--repair-steps', () => {
  test('0 leaves the labels out: one shot, and other labels change nothing', () => {
    const other = data('other-labels', 60, wild, { labels: 2 });
    const run = (path: string, ...more: string[]) => {
      const out = join(dir, `steps-${path.split('/').pop()}-${more.join('')}`);
      const { code, stderr } = espalier(['prune', tiny, '-o', out, '--data', path, ...obs, ...more]);
      expect(code).toBe(0);
      const weights = /weights-[^ ]+\.bin/.exec(readFileSync(join(out, 'model.json'), 'utf8'))?.[0];
      return { stderr, bytes: readFileSync(join(out, weights!.split('"')[0])).toString('base64') };
    };
    const [first, second] = [usual, other].map((path) => run(path, '--repair-steps', '0'));
    expect(first.bytes).toBe(second.bytes);
    expect(run(usual, '--repair-steps', '2').bytes).not.toBe(run(other, '--repair-steps', '2').bytes);
    expect(run(usual).bytes).toBe(run(usual, '--repair-steps', '8').bytes);
  });

  test('is for --repair obs', () => {
    const wrong = [
      prune(usual, '--repair-steps', '0'),
      prune(usual, ...obs, '--repair-steps', '-1'),
      ['compare', tiny, '--data', usual, '-o', join(dir, 'never'), '--repair-steps', '0'],
    ];
    const [alone, negative, compared] = espalierMany(wrong);
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('--repair-steps is for --repair obs')]);
    expect([negative.code, negative.stderr]).toEqual([2, expect.stringContaining('an integer from 0 up')]);
    expect([compared.code, compared.stderr]).toEqual([2, expect.stringContaining('--repair-steps is for --repair obs')]); // prettier-ignore
  });
});
