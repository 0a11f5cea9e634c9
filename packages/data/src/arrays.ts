/** Datasets from named arrays of numbers, as files of NumPy hold them, and parts of datasets. */
import { checkDataset, type Dataset } from './dataset.js';
import { InputError, show, sizeOf } from '@espalier/core';

export interface NumberArray {
  readonly shape: readonly number[];
  /** As NumPy names types: u1 = bytes. */
  readonly type: string;
  readonly data: ArrayLike<number>;
}

export interface DatasetsOptions {
  /** At most so many input values in one array. */
  readonly maxValues?: number;
  /** Inputs become (value − mean) / std. */
  readonly mean?: number;
  readonly std?: number;
  /** What is said to be given instead. */
  readonly fix?: string;
}

const MOST_CLASSES = 10_000;
const NAMES = ['x', 'y', 'x_train', 'y_train', 'x_test', 'y_test'];

/**
 * The datasets of arrays x and y, or x_train and y_train and, if there, x_test and y_test: samples along the first axis, labels as
 * whole numbers from 0 on, one a sample, or as one-hot rows. Bytes count as pixels and are divided by 255, other numbers are taken as
 * they are. Anything else is an InputError with code 'data-invalid' that names `name`.
 */
export function datasetsOf(
  arrays: ReadonlyMap<string, NumberArray>,
  name: string,
  options: DatasetsOptions = {},
): { train: Dataset; test?: Dataset } {
  const refuse = refusal(options.fix);
  const dataset = (x: NumberArray, y: NumberArray, where: string) => toDataset(x, y, where, options, refuse);
  const [x, y, xTrain, yTrain, xTest, yTest] = NAMES.map((key) => arrays.get(key));
  if (x && y) return { train: dataset(x, y, name) };
  if (!xTrain || !yTrain) {
    return refuse(name, 'arrays x and y, or x_train and y_train', show([...arrays.keys()].join(', ')));
  }
  if (!xTest || !yTest) return { train: dataset(xTrain, yTrain, name) };
  const [train, test] = [dataset(xTrain, yTrain, `${name}, train`), dataset(xTest, yTest, `${name}, test`)];
  if (train.shape.join() !== test.shape.join()) {
    refuse(name, `test samples of shape [${train.shape.join(', ')}]`, `[${test.shape.join(', ')}]`);
  }
  return { train, test };
}

/** The samples of some places, copied. */
export function subset(data: Dataset, isIn: (index: number) => boolean): Dataset {
  const rows = Array.from({ length: data.size }, (_, i) => i).filter(isIn);
  const [width, targets] = [sizeOf(data.shape), data.y.length / data.size];
  const x = new Float32Array(rows.length * width);
  const y = new (data.y.constructor as typeof Int32Array)(rows.length * targets);
  rows.forEach((row, i) => {
    x.set(data.x.subarray(row * width, (row + 1) * width), i * width);
    y.set(data.y.subarray(row * targets, (row + 1) * targets), i * targets);
  });
  return { ...data, x, y, size: rows.length };
}

type Refuse = (where: string, wanted: string, found: string) => never;

function toDataset(
  x: NumberArray,
  y: NumberArray,
  where: string,
  { maxValues = Infinity, mean = 0, std = 1 }: DatasetsOptions,
  refuse: Refuse,
): Dataset {
  const [size] = x.shape;
  if (x.shape.length < 2) refuse(where, 'samples along the first axis of x and at least one more', shapeOf(x));
  if (x.data.length > maxValues) refuse(where, `at most ${maxValues} values`, String(x.data.length));
  const labels = labelsOf(y, where, refuse);
  if (labels.length !== size) refuse(where, `a label for each of the ${size} samples`, `${labels.length} labels`);
  const classes = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const most = x.type === 'u1' ? 255 : 1;
  const values = Float32Array.from(x.data, (value) => (value / most - mean) / std);
  return checkDataset({ x: values, y: labels, shape: x.shape.slice(1), classes, size }, show(where));
}

function labelsOf(y: NumberArray, where: string, refuse: Refuse): Int32Array {
  const wanted = 'labels as whole numbers from 0 on, one a sample, or as one-hot rows';
  const { data, shape } = y;
  if (shape.length === 2 && shape[1] > 1) {
    const [rows, width] = shape;
    return Int32Array.from({ length: rows }, (_, row) => {
      const cells = Array.from({ length: width }, (_, i) => data[row * width + i]);
      const at = cells.indexOf(1);
      if (at < 0 || cells.some((cell, i) => i !== at && cell !== 0))
        refuse(where, wanted, `other values in row ${row}`);
      return at;
    });
  }
  if (shape.length === 0 || shape.slice(1).some((n) => n !== 1)) refuse(where, wanted, shapeOf(y));
  return Int32Array.from(data, (label, i) =>
    Number.isInteger(label) && label >= 0 && label < MOST_CLASSES
      ? label
      : refuse(where, wanted, `${label} in sample ${i}`),
  );
}

const shapeOf = ({ shape }: NumberArray) => `shape [${shape.join(', ')}]`;

const refusal =
  (fix = 'give arrays x and y, or x_train, y_train, x_test and y_test'): Refuse =>
  (where, wanted, found) => {
    throw new InputError('data-invalid', `${show(where)}: wanted ${wanted}, found ${found}; ${fix}`, {
      where,
      wanted,
      found,
      fix,
    });
  };
