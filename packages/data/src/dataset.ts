import { InputError, show, sizeOf } from '@espalier/core';

/** `y` holds integer labels where `classes` is given, else `y.length / size` target values a sample. */
export interface Dataset {
  readonly x: Float32Array;
  readonly y: Int32Array | Float32Array;
  /** The shape of one sample. */
  readonly shape: readonly number[];
  readonly classes?: number;
  readonly size: number;
}

/** Checks that sizes agree, labels are integers in range and values finite; returns the dataset. */
export function checkDataset(data: Dataset, where = 'data'): Dataset {
  const { x, y, shape, classes, size } = data;
  const fail = (wanted: string, found: string) => invalid(where, wanted, found);
  if (!(Number.isInteger(size) && size > 0)) fail('at least one sample', show(size));
  if (x.length !== size * sizeOf(shape)) {
    fail(`${size} × ${sizeOf(shape)} = ${size * sizeOf(shape)} input values`, String(x.length));
  }
  if (classes === undefined ? y.length === 0 || y.length % size !== 0 : y.length !== size) {
    fail(classes === undefined ? `a multiple of ${size} target values` : `${size} labels`, String(y.length));
  }
  const badInput = x.findIndex((value) => !Number.isFinite(value));
  if (badInput >= 0) fail('finite input values', `${x[badInput]} in sample ${Math.floor(badInput / sizeOf(shape))}`);
  if (classes !== undefined) checkLabels(y, classes, where);
  else {
    const badTarget = y.findIndex((value) => !Number.isFinite(value));
    if (badTarget >= 0) fail('finite targets', `${y[badTarget]} in sample ${badTarget}`);
  }
  return data;
}

export function checkLabels(y: Dataset['y'], classes: number, where: string): void {
  const bad = y.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes));
  if (bad >= 0) invalid(where, `labels from 0 to ${classes - 1}`, `${y[bad]} in sample ${bad}`);
}

export function invalid(where: string, wanted: string, found: string): never {
  throw new InputError('data-invalid', `${where}: wanted ${wanted}, found ${found}`, { where, wanted, found });
}
