import { InputError, show } from '@espalier/core';
import { checkDataset, type Dataset } from '@espalier/core/data';
import { decodeIdx, decodeNpy, decodeNpz, type Npy } from '@espalier/format/web';
import { isTest } from '@espalier/zoo/web';
import { bytesOf } from './file-bytes.js';
import type { DataInfo, NamedFile } from './protocol.js';

type Found = Pick<DataInfo, 'name' | 'own' | 'shared' | 'argument'> & {
  readonly train: Dataset;
  readonly test: Dataset;
};
type Array = Pick<Npy, 'shape' | 'type' | 'data'>;

const FORMS =
  'one .npz file with x and y (or x_train, y_train, x_test, y_test), two .npy files x and y, or two IDX files';
/** As many values as fit twice into a phone's memory. */
const MOST_VALUES = 64e6;
const MOST_CLASSES = 10_000;

const baseName = (path: string) => path.split('/').at(-1)!;

/**
 * Samples and their labels from what was dropped. Bytes count as pixels and are divided by 255, other numbers are taken as they
 * are. Where there is no test part, every fifth sample is one.
 */
export async function dataFromFiles(files: readonly NamedFile[]): Promise<Found> {
  const named = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = named.map(({ name }) => baseName(name)).join(', ');
  if (named.length === 1 && /\.npz$/i.test(names)) {
    const arrays = decodeNpz((await bytesOf(named[0])).bytes, names);
    return fromArrays(arrays, names);
  }
  if (named.length !== 2) refuse(names, FORMS, `${named.length} files`);
  if (named.every(({ name }) => /\.npy$/i.test(name))) {
    const arrays = new Map<string, Array>();
    for (const file of named) {
      const { bytes } = await bytesOf(file);
      arrays.set(baseName(file.name).replace(/\.npy$/i, ''), decodeNpy(bytes, baseName(file.name)));
    }
    return fromArrays(arrays, names);
  }
  const parts = await Promise.all(
    named.map(async (file) => {
      const { bytes } = await bytesOf(file);
      return { name: baseName(file.name), ...(await decodeIdx(bytes, baseName(file.name))), type: 'u1' };
    }),
  );
  const [images, labels] = [...parts].sort((a, b) => b.shape.length - a.shape.length);
  return whole(images, labels, names, `idx:${images.name},${labels.name}`);
}

/** The command line has no reader of NumPy's files, so nothing stands for them there. */
function fromArrays(arrays: ReadonlyMap<string, Array>, name: string, argument = ''): Found {
  const [x, y, xTrain, yTrain, xTest, yTest] = ['x', 'y', 'x_train', 'y_train', 'x_test', 'y_test'].map((key) =>
    arrays.get(key),
  );
  if (x && y) return whole(x, y, name, argument);
  if (!xTrain || !yTrain) refuse(name, 'arrays x and y, or x_train and y_train', show([...arrays.keys()].join(', ')));
  if (!xTest || !yTest) return whole(xTrain, yTrain, name, argument);
  const [trained, tested] = [dataset(xTrain, yTrain, `${name}, train`), dataset(xTest, yTest, `${name}, test`)];
  if (trained.shape.join() !== tested.shape.join()) {
    refuse(name, `test samples of shape [${trained.shape.join(', ')}]`, `[${tested.shape.join(', ')}]`);
  }
  return { name, own: true, shared: false, argument, train: trained, test: tested };
}

function whole(x: Array, y: Array, name: string, argument: string): Found {
  const all = dataset(x, y, name);
  if (all.size < 5) refuse(name, 'at least five samples', String(all.size));
  const part = (isIn: (i: number) => boolean) => rowsOf(all, isIn);
  const split = { train: part((i) => !isTest(i)), test: part(isTest) };
  return { name, own: true, shared: true, argument, ...split };
}

function dataset(x: Array, y: Array, where: string): Dataset {
  const [size] = x.shape;
  if (x.shape.length < 2) refuse(where, 'samples along the first axis of x and at least one more', shapeOf(x));
  if (x.data.length > MOST_VALUES) refuse(where, `at most ${MOST_VALUES} values`, String(x.data.length));
  const labels = labelsOf(y, where);
  if (labels.length !== size) refuse(where, `a label for each of the ${size} samples`, `${labels.length} labels`);
  const classes = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const scale = x.type === 'u1' ? 1 / 255 : 1;
  const values = Float32Array.from(x.data as Float32Array, scale === 1 ? (v) => v : (v) => v * scale);
  return checkDataset({ x: values, y: labels, shape: x.shape.slice(1), classes, size }, show(where));
}

/** One whole number a sample, or one-hot rows. */
function labelsOf(y: Array, where: string): Int32Array {
  const wanted = 'labels as whole numbers from 0 on, one a sample, or as one-hot rows';
  if (y.shape.length === 2 && y.shape[1] > 1) {
    const [rows, width] = y.shape;
    return Int32Array.from({ length: rows }, (_, row) => {
      const cells = [...y.data.slice(row * width, (row + 1) * width)];
      const at = cells.indexOf(1);
      if (at < 0 || cells.some((cell, i) => i !== at && cell !== 0))
        refuse(where, wanted, `other values in row ${row}`);
      return at;
    });
  }
  if (y.shape.length === 0 || y.shape.slice(1).some((n) => n !== 1)) refuse(where, wanted, shapeOf(y));
  const bad = y.data.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < MOST_CLASSES));
  if (bad >= 0) refuse(where, wanted, `${y.data[bad]} in sample ${bad}`);
  return Int32Array.from(y.data as Float64Array);
}

function rowsOf({ x, y, shape, classes, size }: Dataset, isIn: (i: number) => boolean): Dataset {
  const rows = globalThis.Array.from({ length: size }, (_, i) => i).filter(isIn);
  const width = shape.reduce((a, b) => a * b, 1);
  const part = new Float32Array(rows.length * width);
  rows.forEach((row, i) => part.set(x.subarray(row * width, (row + 1) * width), i * width));
  return { x: part, y: Int32Array.from(rows, (row) => y[row]), shape, classes: classes!, size: rows.length };
}

const shapeOf = ({ shape }: Array) => `shape [${shape.join(', ')}]`;

function refuse(where: string, wanted: string, found: string): never {
  const fix = `give ${FORMS}`;
  const fixing = wanted === FORMS ? 'see “Your own data”' : fix;
  throw new InputError('data-invalid', `${show(where)}: wanted ${wanted}, found ${found}; ${fixing}`, {
    where,
    wanted,
    found,
    fix: fixing,
  });
}
