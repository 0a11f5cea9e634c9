import { decodePlan, sizeOf } from '@espalier/core';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { espalier, hasShared, readJson, scratch, SHARED, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');

/** The float32 weights of a saved model, by name. */
function weightsOf(folder: string): Record<string, Float32Array> {
  const [{ paths, weights }] = readJson(join(folder, 'model.json')).weightsManifest as {
    paths: string[];
    weights: { name: string; shape: number[] }[];
  }[];
  const bytes = Buffer.concat(paths.map((path) => readFileSync(join(folder, path))));
  let at = 0;
  return Object.fromEntries(
    weights.map(({ name, shape }) => {
      const size = sizeOf(shape);
      const values = new Float32Array(Uint8Array.from(bytes.subarray(at, at + 4 * size)).buffer);
      at += 4 * size;
      return [name, values];
    }),
  );
}

describe('prune', () => {
  test('writes zeros, the plan, and prints one JSON document', () => {
    const out = join(dir, 'pruned');
    const run = espalier(['prune', tiny, '-o', out, '--sparsity', '0.5', '--json']);
    expect(run).toMatchObject({ code: 0 });
    const result = run.json();
    expect(result).toMatchObject({
      sparsity: { requested: 0.5, achieved: 0.5 },
      params: { total: 51, prunable: 42, kept: 30 },
      macs: { dense: 42, kept: 21 },
    });
    expect(result.layers.map((l: { id: string }) => l.id)).toEqual(['fc1/kernel', 'fc2/kernel']);
    expect(result.files.map((f: { path: string; bytes: number }) => readFileSync(f.path).length)).toEqual(
      result.files.map((f: { bytes: number }) => f.bytes),
    );
    const saved = weightsOf(out);
    const zeros = [...saved['fc1/kernel'], ...saved['fc2/kernel']].filter((w) => Object.is(w, 0)).length;
    expect(zeros).toBe(21);
    const before = weightsOf(tiny);
    for (const [name, values] of Object.entries(saved))
      values.forEach((w, i) => expect(w === 0 || w === before[name][i]).toBe(true));
    expect(decodePlan(readFileSync(join(out, 'pruning.plan'))).params).toEqual(['fc1/kernel', 'fc2/kernel']);
  });

  test('the same command gives the same bytes, on either backend', () => {
    const outs = ['cpu', 'wasm'].map((backend) => {
      const out = join(dir, `same-${backend}`);
      expect(espalier(['prune', tiny, '-o', out, '--backend', backend, '--sparsity', '0.7']).code).toBe(0);
      return readdirSync(out)
        .sort()
        .map((file) => [file, readFileSync(join(out, file)).toString('base64')]);
    });
    expect(outs[0]).toEqual(outs[1]);
  });

  test('structured gives a smaller model, --keep-shape zeroes it in place', () => {
    const [small, masked] = [join(dir, 'small'), join(dir, 'masked')];
    const run = espalier(['prune', tiny, '-o', small, '--strategy', 'structured', '--json']);
    expect(run.json()).toMatchObject({
      channels: { total: 6, kept: 3 },
      layers: [{ threshold: null }, { threshold: null }],
      params: { total: 51, kept: 27 },
    });
    expect(Object.values(weightsOf(small)).map((w) => w.length)).toEqual([12, 3, 9, 3]);
    expect(espalier(['prune', tiny, '-o', masked, '--strategy', 'structured', '--keep-shape']).code).toBe(0);
    expect(Object.values(weightsOf(masked)).map((w) => w.filter((v) => v === 0).length)).toEqual([12, 3, 9, 0]);
  });

  test('N:M refuses an axis that does not divide, and leaves its tail dense when told to', () => {
    const refused = espalier(['prune', tiny, '-o', join(dir, 'nm'), '--strategy', 'nm', '--json']);
    expect(refused.code).toBe(3);
    expect(refused.json().error).toMatchObject({ code: 'nm-axis', where: 'fc2/kernel' });
    expect(existsSync(join(dir, 'nm'))).toBe(false);
    const run = espalier(['prune', tiny, '-o', join(dir, 'nm'), '--strategy', 'nm', '--tail', 'dense', '--json']);
    expect(run.json()).toMatchObject({
      layers: [{ kept: 12 }, { kept: 12 }],
      notes: [{ code: 'dense-tail', text: expect.stringContaining('last 2 of 6') }],
    });
  });

  test('a permutation lets 1:2 keep more, is reported, and the model still computes the same', () => {
    const args = ['prune', tiny, '--strategy', 'nm', '--keep', '1', '--group', '2', '--tail', 'dense', '--json'];
    const out = join(dir, 'permuted');
    const run = espalier([...args, '--permute', '50', '-o', out]);
    const [group] = run.json().permuted;
    expect(group).toMatchObject({ id: 'fc1', channels: 6, params: ['fc2/kernel'] });
    expect(group.after).toBeGreaterThan(group.before);
    const kept = (weights: Record<string, Float32Array>) =>
      Array.from(weights['fc2/kernel']).reduce((sum, w) => sum + Math.abs(w), 0);
    expect(kept(weightsOf(out))).toBeCloseTo(group.after, 4);
  });

  test('blocks refuse an axis that they do not divide, and leave its tail dense when told to', () => {
    const args = ['prune', tiny, '-o', join(dir, 'block'), '--strategy', 'block', '--block', '2x1', '--json'];
    const refused = espalier(args);
    expect(refused.code).toBe(3);
    expect(refused.json().error).toMatchObject({ code: 'block-axis', where: 'fc2/kernel', found: '3' });
    expect(existsSync(join(dir, 'block'))).toBe(false);
    const run = espalier([...args, '--tail', 'dense', '--scope', 'local']);
    expect(run.json()).toMatchObject({
      strategy: 'block-2x1-local',
      layers: [
        { kept: 12, threshold: null },
        { kept: 12, threshold: null },
      ],
      notes: [{ code: 'dense-block-tail', text: expect.stringContaining('the last 1 outputs') }],
    });
  });

  test('an output folder is shared with others: their files stay, ours are replaced', () => {
    const out = join(dir, 'shared-folder');
    mkdirSync(out);
    writeFileSync(join(out, 'notes.txt'), 'mine');
    for (const sparsity of ['0.2', '0.8'])
      expect(espalier(['prune', tiny, '-o', out, '--sparsity', sparsity]).code).toBe(0);
    expect(readFileSync(join(out, 'notes.txt'), 'utf8')).toBe('mine');
    expect(readdirSync(out).filter((file) => file.endsWith('.bin'))).toHaveLength(1);
    expect(readdirSync(out).filter((file) => file.startsWith('.'))).toEqual([]);
  });

  test('--dry-run writes nothing', () => {
    const run = espalier([
      'prune',
      tiny,
      '-o',
      join(dir, 'dry'),
      '--dry-run',
      '--json',
      '--figure',
      join(dir, 'dry.svg'),
    ]);
    expect(run.json()).toMatchObject({ dryRun: true, files: [] });
    expect([existsSync(join(dir, 'dry')), existsSync(join(dir, 'dry.svg'))]).toEqual([false, false]);
  });

  test('--figure draws the kernel that was pruned', () => {
    for (const file of ['figure.svg', 'figure.png']) {
      const path = join(dir, file);
      expect(espalier(['prune', tiny, '-o', join(dir, 'with-figure'), '--figure', path, '--layer', 'fc2']).code).toBe(
        0,
      );
      expect(readFileSync(path).subarray(0, 4).toString('latin1')).toMatch(/^(<svg|\x89PNG)/);
    }
    expect(readFileSync(join(dir, 'figure.svg'), 'utf8')).toContain('fc2/kernel');
  });

  test('data: a module with train and test calibrates, fine-tunes and measures', () => {
    const data = join(dir, 'data.mjs');
    writeFileSync(
      data,
      `const part = (n, from) => ({ x: Float32Array.from({ length: 4 * n }, (_, i) => Math.cos(i + from)), y: Int32Array.from({ length: n }, (_, i) => i % 3), shape: [4], classes: 3 });
       export default { train: part(60, 0), test: part(30, 1000) };`,
    );
    for (const scorer of ['gradient', 'hessian', 'gauss-newton', 'hutchinson', 'block-fisher']) {
      const run = espalier([
        'prune',
        tiny,
        '-o',
        join(dir, scorer),
        '--scorer',
        scorer,
        '--data',
        data,
        '--fine-tune',
        '1',
        '--schedule',
        'cubic',
        '--steps',
        '2',
        '--json',
      ]);
      expect(run).toMatchObject({ code: 0 });
      expect(run.json()).toMatchObject({
        sparsity: { achieved: 0.5 },
        accuracy: { dense: expect.any(Number), pruned: expect.any(Number) },
      });
      const zeros = Object.entries(weightsOf(join(dir, scorer)))
        .flatMap(([name, w]) => (name.endsWith('kernel') ? [...w] : []))
        .filter((w) => Object.is(w, 0));
      expect(zeros).toHaveLength(21);
    }
  });
});

describe('inspect', () => {
  test('lists layers, with reasons where nothing may be pruned', () => {
    const run = espalier(['inspect', tiny, '--json']);
    expect(run.code).toBe(0);
    expect(run.json()).toMatchObject({
      params: 51,
      layers: [
        { name: 'fc1', macs: 24, prunable: ['fc1/kernel'] },
        {
          name: 'fc2',
          macs: 18,
          channels: { reason: { code: 'model-output', text: expect.stringContaining('output') } },
        },
      ],
    });
    expect(espalier(['inspect', tiny]).stdout).toContain('fc1/kernel');
  });
  test('draws', () => {
    expect(espalier(['inspect', tiny, '--histogram']).stdout).toContain('█');
    expect(espalier(['inspect', tiny, '--figure', join(dir, 'inspect.svg')]).code).toBe(0);
    expect(readFileSync(join(dir, 'inspect.svg'), 'utf8')).toContain('fc1/kernel');
  });
});

const golden = hasShared ? describe : describe.skip;

golden('published figures: mlpnet on the MNIST test set', () => {
  const test10k = `idx:${SHARED}/mnist-test/t10k-images-idx3-ubyte.gz,${SHARED}/mnist-test/t10k-labels-idx1-ubyte.gz,mean=0.1307,std=0.3081`;
  test.each([
    ['global', 0.8, 92.88],
    ['global', 0.9, 90.28],
    ['global', 0.95, 83.64],
    ['global', 0.98, 32.25],
    ['local', 0.8, 56.02],
    ['local', 0.9, 46.01],
    ['local', 0.95, 29.19],
    ['local', 0.98, 15.61],
  ])('%s magnitude at %d scores %d', (scope, sparsity, accuracy) => {
    const run = espalier([
      'prune',
      join(SHARED, 'mlpnet-mnist'),
      '--dry-run',
      '--strategy',
      'unstructured',
      '--scorer',
      'magnitude',
      '--scope',
      scope,
      '--sparsity',
      String(sparsity),
      '--test',
      test10k,
      '--json',
    ]);
    const result = run.json();
    expect(result.accuracy.dense).toBeCloseTo(93.97, 6);
    expect(Math.abs(result.accuracy.pruned - accuracy)).toBeLessThanOrEqual(0.02);
  });
});

if (!hasShared) test.skip('published figures: ../shared/data is not here', () => undefined);
