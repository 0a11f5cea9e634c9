import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EspalierError, isEspalierError } from '@espalier/core';
import { writeIdx } from '@espalier/format';
import { DIGITS, ZOO } from '@espalier/zoo';
import { buildSync } from 'esbuild';
import { npz } from '../../../../tools/testing/numpy.js';
import { loadData } from './data.js';
import { loadDataModule } from './data-module.js';
import { closest } from '../closest.js';
import { resolveModel } from './model-source.js';

const cwd = mkdtempSync(join(tmpdir(), 'espalier-cli-data-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

async function failure(promise: Promise<unknown>): Promise<EspalierError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isEspalierError(error)) throw new Error(`expected a typed error, got ${error}`);
  return error;
}

beforeAll(async () => {
  await writeIdx(join(cwd, 'images.gz'), { shape: [3, 1, 2], data: Uint8Array.of(0, 255, 51, 102, 255, 0) });
  await writeIdx(join(cwd, 'labels'), { shape: [3], data: Uint8Array.of(2, 0, 1) });
  await writeIdx(join(cwd, 'two'), { shape: [2], data: Uint8Array.of(2, 0) });
});

describe('idx:', () => {
  it('reads pixels as x / 255, serves both parts and says so', async () => {
    const data = await loadData('idx:images.gz,labels', { cwd });
    expect(data).toMatchObject({ shared: true, train: { shape: [1, 2], classes: 3, size: 3 } });
    expect(data.test).toBe(data.train);
    expect(data.train.x).toEqual(Float32Array.of(0, 1, 51 / 255, 102 / 255, 1, 0));
    expect(data.train.y).toEqual(Int32Array.of(2, 0, 1));
    expect(data.description).toBe('images.gz: 3 samples of [1, 2] in 3 classes, for calibration and for measuring');
  });

  it('normalises', async () => {
    const { train } = await loadData(`idx:${join(cwd, 'images.gz')},labels,mean=0.2,std=0.5`, { cwd });
    expect(train.x).toEqual(Float32Array.of(-0.4, 1.6, 0, (102 / 255 - 0.2) / 0.5, 1.6, -0.4));
    const { train: same } = await loadData('idx:images.gz,labels,std=0.5,mean=0.2', { cwd });
    expect(same.x).toEqual(train.x);
  });

  it.each([
    ['idx:', 'data-spec', 'UsageError', 'wanted idx:IMAGES,LABELS'],
    ['idx:images.gz', 'data-spec', 'UsageError', 'wanted idx:IMAGES,LABELS'],
    ['idx:images.gz,labels,more', 'data-spec', 'UsageError', 'wanted idx:IMAGES,LABELS'],
    ['idx:images.gz,labels,std=0', 'data-spec', 'UsageError', "wanted std, a number above 0, found '0'"],
    ['idx:images.gz,labels,std=', 'data-spec', 'UsageError', "wanted std, a number above 0, found ''"],
    ['idx:images.gz,labels,mean=x', 'data-spec', 'UsageError', "wanted mean, a number, found 'x'"],
    ['idx:images.gz,labels,mean=1,mean=1', 'data-spec', 'UsageError', 'wanted mean once'],
    ['idx:none,labels', 'data-missing', 'InputError', "none': wanted a readable file"],
    [
      'idx:labels,images.gz',
      'data-idx',
      'InputError',
      "'labels': wanted images, with at least two dimensions, found shape [3]",
    ],
    ['idx:images.gz,images.gz', 'data-idx', 'InputError', 'wanted labels, with one dimension, found shape [3, 1, 2]'],
    ['idx:images.gz,two', 'data-idx', 'InputError', 'wanted 3 labels, found 2'],
  ])('%s is refused', async (spec, code, name, message) => {
    const error = await failure(loadData(spec, { cwd }));
    expect(error).toMatchObject({ code, name });
    expect(error.message).toContain(message);
  });
});

describe('.npz', () => {
  const x = { type: 'u1', shape: [3, 1, 2], values: [0, 255, 51, 102, 255, 0] } as const;
  const y = { type: 'i8', shape: [3], values: [2, 0, 1] } as const;
  const write = (name: string, arrays: Parameters<typeof npz>[0]) => writeFileSync(join(cwd, name), npz(arrays));

  it('x and y serve both parts; bytes are pixels, as in IDX files', async () => {
    write('both.npz', { x, y });
    const data = await loadData('both.npz', { cwd });
    expect(data).toMatchObject({ shared: true, train: { shape: [1, 2], classes: 3, size: 3 } });
    expect(data.train).toEqual((await loadData('idx:images.gz,labels', { cwd })).train);
    expect(data.description).toBe('both.npz: 3 samples of [1, 2] in 3 classes for calibration and for measuring');
    const { train } = await loadData(`${join(cwd, 'both.npz')},mean=0.2,std=0.5`, { cwd });
    expect(train).toEqual((await loadData('idx:images.gz,labels,mean=0.2,std=0.5', { cwd })).train);
  });

  it("Keras's names have a part for each; numbers that are no bytes stay as they are", async () => {
    const floats = { type: 'f4', shape: [2, 2], values: [0.5, -3, 2, 1] } as const;
    const hot = { type: 'f4', shape: [2, 2], values: [0, 1, 1, 0] } as const;
    write('keras.npz', { x_train: floats, y_train: hot, x_test: { ...floats }, y_test: { ...hot } });
    const { shared, train, test } = await loadData('keras.npz', { cwd });
    expect([shared, [...train.x], [...test.y]]).toEqual([false, [0.5, -3, 2, 1], [1, 0]]);
  });

  it('what is broken or does not fit names the file', async () => {
    write('few.npz', { x, y: { ...y, shape: [2], values: [2, 0] } });
    writeFileSync(join(cwd, 'cut.npz'), npz({ x, y }).subarray(0, 100));
    const cases = [
      ['few.npz', 'data-invalid', 'a label for each of the 3 samples, found 2 labels'],
      ['cut.npz', 'npz-invalid', 'cut.npz'],
      ['none.npz', 'data-missing', 'none.npz'],
    ] as const;
    for (const [spec, code, message] of cases) {
      const error = await failure(loadData(spec, { cwd }));
      expect(error).toMatchObject({ code, name: 'InputError' });
      expect(error.message).toContain(message);
    }
  });
});

(existsSync(DIGITS.images) ? describe : describe.skip)('mnist (the digits of the zoo)', () => {
  it('brings its own split', async () => {
    const data = await loadData('mnist', { cwd });
    expect(data).toMatchObject({
      shared: false,
      train: { size: 8000, classes: 10 },
      test: { size: 2000, shape: [28, 28] },
    });
    expect(Math.max(...data.test.x.subarray(0, 7840))).toBeLessThanOrEqual(1);
    const all = await loadData(`idx:${DIGITS.images},${DIGITS.labels},mean=0.1307,std=0.3081`, { cwd });
    const normal = await loadData('mnist,mean=0.1307,std=0.3081', { cwd });
    for (const [i, row] of [4, 9, 9999].entries()) {
      const at = [0, 1, 1999][i];
      expect(normal.test.y[at]).toBe(all.train.y[row]);
      expect(normal.test.x.subarray(at * 784, (at + 1) * 784)).toEqual(
        all.train.x.subarray(row * 784, (row + 1) * 784),
      );
    }
    expect(normal.train.y.subarray(0, 5)).toEqual(Int32Array.from([0, 1, 2, 3, 5], (row) => all.train.y[row]));
  });
});

describe('a module', () => {
  const good = { x: Float32Array.of(1, 2, 3, 4), y: Uint8Array.of(0, 1), shape: [2], classes: 2 };
  const path = join(cwd, 'data.mjs');
  beforeAll(() => writeFileSync(path, ''));
  const load = (value: unknown) => loadDataModule(path, 'data.mjs', async () => ({ default: value }));

  it.each([
    ['an object', { train: good }],
    ['a function', () => ({ train: good })],
    ['an async function', async () => ({ train: good })],
    ['a promise', Promise.resolve({ train: good })],
  ])('exports %s', async (_, value) => {
    const { train, test } = await load(value);
    expect(train).toEqual({ x: good.x, y: Int32Array.of(0, 1), shape: [2], classes: 2, size: 2 });
    expect(test).toBeUndefined();
  });

  it('takes targets that are no labels, and a test part', async () => {
    const regression = { x: Float64Array.of(1, 2), y: Float32Array.of(0.5, 1.5, 2.5, 3.5), shape: [1] };
    const { train, test } = await load({ train: good, test: regression });
    expect(train.size).toBe(2);
    expect(test).toEqual({ x: Float32Array.of(1, 2), y: regression.y, shape: [1], size: 2 });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'default export: wanted an object, found nothing'],
    ['no train', {}, 'train: wanted an object, found nothing'],
    [
      'plain arrays',
      { train: { ...good, x: [1, 2, 3, 4] } },
      'train.x: wanted a typed array of numbers, found a plain array',
    ],
    ['bigints', { train: { ...good, y: BigInt64Array.of(0n, 1n) } }, 'train.y: wanted a typed array of numbers'],
    [
      'no shape',
      { train: { ...good, shape: undefined } },
      'train.shape: wanted an array of whole numbers above 0, found nothing',
    ],
    [
      'a size of 0',
      { train: { ...good, shape: [0] } },
      'train.shape: wanted an array of whole numbers above 0, found [0]',
    ],
    ['classes', { train: { ...good, classes: '2' } }, "train.classes: wanted a whole number above 0, found '2'"],
    [
      'rows that do not fit',
      { train: { ...good, shape: [3] } },
      'train.x: wanted samples of 3 values each, found 4 values in all',
    ],
    [
      'no rows',
      { train: { ...good, x: new Float32Array(0) } },
      'train.x: wanted samples of 2 values each, found 0 values',
    ],
    ['labels too few', { train: { ...good, y: Uint8Array.of(0) } }, 'train: wanted 2 labels, found 1'],
    [
      'labels too high',
      { train: { ...good, y: Uint8Array.of(0, 2) } },
      'train: wanted labels from 0 to 1, found 2 in sample 1',
    ],
    [
      'fractions',
      { train: { ...good, y: Float32Array.of(0, 0.5) } },
      'train.y: wanted integer labels, found 0.5 in sample 1',
    ],
    [
      'NaN in test',
      { train: good, test: { ...good, x: Float32Array.of(0, 1, NaN, 3) } },
      'test: wanted finite input values, found NaN in sample 1',
    ],
    [
      'a throw',
      () => {
        throw new Error('no network');
      },
      'wanted a module with data, found an error, no network',
    ],
  ])('refuses %s', async (_, value, message) => {
    const error = await failure(load(value));
    expect(error.name).toBe('InputError');
    expect(error.message).toContain(message);
    expect(error.message).toContain("'data.mjs'");
  });

  it('that is none', async () => {
    expect(await failure(loadData('none.mjs', { cwd }))).toMatchObject({ name: 'InputError', code: 'data-missing' });
    expect((await failure(loadData('mnits', { cwd }))).message).toContain('did you mean mnist?');
    expect(await failure(loadData('.', { cwd }))).toMatchObject({ name: 'InputError', code: 'data-not-a-file' });
  });

  it('is imported by Node as an ES module, or as a CommonJS one', () => {
    const program = join(cwd, 'program.cjs');
    const contents = `import { loadData } from './data.ts';
      (async () => {
        for (const spec of ['./real.mjs', 'real.cjs']) {
          const { train, shared } = await loadData(spec, { cwd: process.cwd() });
          console.log(train.size, shared);
        }
      })();`;
    buildSync({
      stdin: { contents, resolveDir: __dirname },
      bundle: true,
      platform: 'node',
      conditions: ['@espalier/source'],
      outfile: program,
      logLevel: 'error',
    });
    const train = '{ x: Float32Array.of(1, 2), y: Int32Array.of(0, 1), shape: [1], classes: 2 }';
    writeFileSync(join(cwd, 'real.mjs'), `export default async () => ({ train: ${train} });`);
    writeFileSync(join(cwd, 'real.cjs'), `module.exports = { train: ${train}, test: ${train} };`);
    const { stdout, stderr } = spawnSync(process.execPath, [program], { cwd, encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '2 true\n2 false\n', stderr: '' });
  });
});

describe('resolveModel', () => {
  it('takes a path that exists before a name', async () => {
    const before = process.cwd();
    process.chdir(cwd);
    try {
      expect(await resolveModel('lenet-5')).toEqual({ name: 'lenet-5', path: ZOO['lenet-5'].dir });
      mkdirSync('lenet-5');
      expect(await resolveModel('lenet-5')).toEqual({ name: 'lenet-5', path: 'lenet-5' });
    } finally {
      process.chdir(before);
    }
    expect(await resolveModel(cwd)).toEqual({ name: cwd, path: cwd });
    // Not a name in any file system: the reader explains.
    expect(await resolveModel('a\0b')).toEqual({ name: 'a\0b', path: 'a\0b' });
  });

  it.each([
    ['lenet5', 'did you mean lenet-5?'],
    ['LeNet-300-10', 'did you mean lenet-300-100?'],
    ['constructor', 'check the path'],
    ['./no/model.json', 'check the path'],
    ['x'.repeat(100_000), 'x'],
  ])('%.20s is none', async (name, fix) => {
    const found = resolveModel(name);
    if (name.length > 1000) return expect(await found).toEqual({ name, path: name });
    const error = await failure(found);
    expect(error).toMatchObject({ name: 'InputError', code: 'model-missing' });
    expect(error.message).toContain('one of lenet-300-100, lenet-5');
    expect(error.message).toContain(fix);
  });

  it('finds the nearest name', () => {
    expect(closest('mnsit', ['mnist'])).toBe('mnist');
    expect(closest('m', ['mnist'])).toBeUndefined();
    expect(closest('x'.repeat(1e6), ['mnist'])).toBeUndefined();
  });
});
