import { basename, resolve } from 'node:path';
import { InputError, show, UsageError } from '@espalier/core';
import { checkDataset, type Dataset, datasetsOf, subset } from '@espalier/data';
import { readIdx, readNpz } from '@espalier/format';
import { DIGITS } from '@espalier/zoo';
import { loadDataModule } from './data-module.js';

export interface LoadedDataset {
  /** For calibration and fine-tuning. */
  readonly train: Dataset;
  /** For measuring; the same object as `train` where the data has one part only. */
  readonly test: Dataset;
  readonly shared: boolean;
  /** For people. */
  readonly description: string;
}

export interface LoadDataOptions {
  /** What relative paths are relative to. */
  readonly cwd: string;
}

/** (x / 255 − mean) / std for pixels x. */
interface Normalisation {
  readonly mean: number;
  readonly std: number;
}

const FORMS = 'mnist, idx:IMAGES,LABELS, a .npz file (all with ,mean=…,std=…) or the path of an ES module';

/**
 * The data that `--data` or `--test` names:
 * - `mnist`: the digits of the zoo, every fifth one a test digit;
 * - `idx:IMAGES,LABELS`: two IDX files, gzip or not; they serve as both parts;
 * - a path that ends in .npz: arrays of NumPy, see `datasetsOf`; without a test part they serve as both;
 * - another path: an ES module, see `loadDataModule`.
 *
 * Bytes are pixels, divided by 255; `,mean=…,std=…` after the first three forms normalises values. Throws a UsageError with code
 * 'data-spec' for a word that is none of these, an InputError for data that is broken.
 */
export async function loadData(spec: string, { cwd }: LoadDataOptions): Promise<LoadedDataset> {
  const isIdx = spec.startsWith('idx:');
  const { words, normalisation } = parseSpec(isIdx ? spec.slice(4) : spec, spec);
  if (isIdx) {
    if (words.length !== 2 || words.includes('')) throw specError(spec, 'idx:IMAGES,LABELS');
    const [images, labels] = words.map((path) => resolve(cwd, path));
    const all = await loadIdx(images, labels, normalisation);
    const description = `${basename(images)}: ${describe(all)}, for calibration and for measuring`;
    return { train: all, test: all, shared: true, description };
  }
  if (words.length === 1 && words[0] === 'mnist') {
    const all = await loadIdx(DIGITS.images, DIGITS.labels, normalisation);
    const [train, test] = [subset(all, (i) => !DIGITS.isTest(i)), subset(all, DIGITS.isTest)];
    const description = `mnist: ${train.size} digits for calibration, ${describe(test)} for measuring`;
    return { train, test, shared: false, description };
  }
  const isNpz = words.length === 1 && /\.npz$/i.test(words[0]);
  const { train, test } = isNpz
    ? await loadNpz(resolve(cwd, words[0]), words[0], normalisation)
    : await loadDataModule(resolve(cwd, spec), spec);
  const shared = test === undefined;
  const parts = shared ? 'for calibration and for measuring' : `for calibration, ${describe(test)} for measuring`;
  return {
    train,
    test: test ?? train,
    shared,
    description: `${basename(isNpz ? words[0] : spec)}: ${describe(train)} ${parts}`,
  };
}

function specError(spec: string, wanted: string, found = show(spec)): UsageError {
  const fix = `give ${FORMS}`;
  const details = { where: 'data', wanted, found, fix };
  return new UsageError('data-spec', `data ${show(spec)}: wanted ${wanted}, found ${found}; ${fix}`, details);
}

/** Splits off mean=… and std=…, which stand last. */
function parseSpec(text: string, spec: string): { words: string[]; normalisation: Normalisation } {
  const words = text.split(',');
  const options: Record<string, number> = {};
  for (;;) {
    const [, key, value] = /^(mean|std)=(.*)$/s.exec(words[words.length - 1] ?? '') ?? [];
    if (key === undefined) break;
    words.pop();
    const number = value.trim() === '' ? NaN : Number(value);
    if (!Number.isFinite(number) || (key === 'std' && number <= 0)) {
      throw specError(spec, key === 'std' ? 'std, a number above 0' : 'mean, a number', show(value));
    }
    if (key in options) throw specError(spec, `${key} once`, 'it twice');
    options[key] = number;
  }
  return { words, normalisation: { mean: 0, std: 1, ...options } };
}

async function loadIdx(images: string, labels: string, { mean, std }: Normalisation): Promise<Dataset> {
  const [x, y] = [await readIdx(images), await readIdx(labels)];
  const fail = (where: string, wanted: string, found: string): never => {
    const fix = 'give idx:IMAGES,LABELS, in this order and of the same samples';
    throw new InputError('data-idx', `${show(basename(where))}: wanted ${wanted}, found ${found}; ${fix}`, {
      where,
      wanted,
      found,
      fix,
    });
  };
  const shapeOf = (shape: readonly number[]) => `shape [${shape.join(', ')}]`;
  if (x.shape.length < 2) fail(images, 'images, with at least two dimensions', shapeOf(x.shape));
  if (y.shape.length !== 1) fail(labels, 'labels, with one dimension', shapeOf(y.shape));
  if (x.shape[0] !== y.shape[0]) fail(labels, `${x.shape[0]} labels`, `${y.shape[0]}`);
  const values = Float32Array.from({ length: 256 }, (_, pixel) => (pixel / 255 - mean) / std);
  const pixels = new Float32Array(x.data.length);
  // Float32Array.from would go through an iterator, which takes half a second for the digits.
  for (let i = 0; i < pixels.length; i++) pixels[i] = values[x.data[i]];
  return checkDataset(
    {
      x: pixels,
      y: Int32Array.from(y.data),
      shape: x.shape.slice(1),
      classes: y.data.reduce((most, label) => Math.max(most, label), 0) + 1,
      size: x.shape[0],
    },
    show(basename(images)),
  );
}

const loadNpz = async (path: string, name: string, normalisation: Normalisation) =>
  datasetsOf(await readNpz(path), basename(name), normalisation);

function describe({ size, shape, classes }: Dataset): string {
  const kinds = classes === undefined ? '' : ` in ${classes} classes`;
  return `${size} samples of [${shape.join(', ')}]${kinds}`;
}
