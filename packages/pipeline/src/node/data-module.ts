import { stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { InputError, show, sizeOf } from '@espalier/core';
import { checkDataset, type Dataset } from '@espalier/data';
import { closest } from '../closest.js';

type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const FIX = 'export { train: { x, y, shape, classes }, test } by default, with typed arrays x and y';

/**
 * The data that an ES module exports by default: `{ train: { x, y, shape, classes? }, test? }`, or a function or a promise
 * that gives it. `x` and `y` are typed arrays, `shape` is that of one sample; with `classes`, `y` holds integer labels.
 * InputErrors: 'data-missing', 'data-not-a-file', 'data-module' (it throws or exports something else; the field is named),
 * 'data-invalid' (core's checks).
 */
export async function loadDataModule(
  path: string,
  name = path,
  load: (path: string) => Promise<{ default?: unknown }> = (file) => import(pathToFileURL(file).href),
): Promise<{ train: Dataset; test?: Dataset }> {
  await checkFile(path, name);
  const where = show(name);
  let exported: unknown;
  try {
    const { default: value } = await load(path);
    exported = await (typeof value === 'function' ? value() : value);
  } catch (error) {
    const found = `an error, ${error instanceof Error ? error.message : String(error)}`;
    throw new InputError('data-module', `${where}: wanted a module with data, found ${found}`, {
      where: name,
      wanted: 'a module with data',
      found,
      cause: error,
    });
  }
  const fields = asObject(exported, `${where}: default export`);
  const train = toDataset(fields.train, `${where}: train`);
  return fields.test == null ? { train } : { train, test: toDataset(fields.test, `${where}: test`) };
}

async function checkFile(path: string, name: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile()) return;
  const found = stats ? 'something that is no file' : 'nothing there';
  const near = closest(name.split(',')[0], ['mnist']);
  const fix = near ? `did you mean ${near}?` : 'give mnist, idx:IMAGES,LABELS, a .npz file or the path of an ES module';
  throw new InputError(
    stats ? 'data-not-a-file' : 'data-missing',
    `data ${show(name)}: wanted a module, found ${found}; ${fix}`,
    { where: name, wanted: 'a module', found, fix },
  );
}

function fail(where: string, wanted: string, found: string): never {
  throw new InputError('data-module', `${where}: wanted ${wanted}, found ${found}; ${FIX}`, {
    where,
    wanted,
    found,
    fix: FIX,
  });
}

function kind(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a plain array';
  return typeof value === 'object' && value !== null ? 'an object' : show(value);
}

function asObject(value: unknown, where: string): Record<string, unknown> {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)
    : fail(where, 'an object', kind(value));
}

function toDataset(value: unknown, where: string): Dataset {
  const { x, y, shape, classes } = asObject(value, where);
  const inputs = asTypedArray(x, `${where}.x`);
  const targets = asTypedArray(y, `${where}.y`);
  const isSize = (n: unknown) => Number.isSafeInteger(n) && (n as number) > 0;
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    fail(
      `${where}.shape`,
      'an array of whole numbers above 0',
      Array.isArray(shape) ? `[${shape.map(kind).join(', ')}]` : kind(shape),
    );
  }
  if (classes != null && !isSize(classes)) fail(`${where}.classes`, 'a whole number above 0', kind(classes));
  const sample = sizeOf(shape as number[]);
  const size = inputs.length / sample;
  if (!isSize(size)) fail(`${where}.x`, `samples of ${sample} values each`, `${inputs.length} values in all`);
  const fraction = classes == null ? -1 : targets.findIndex((label) => !Number.isInteger(label));
  if (fraction >= 0) fail(`${where}.y`, 'integer labels', `${targets[fraction]} in sample ${fraction}`);
  return checkDataset(
    {
      x: Float32Array.from(inputs),
      y: classes == null ? Float32Array.from(targets) : Int32Array.from(targets),
      shape: shape as number[],
      ...(classes != null && { classes: classes as number }),
      size,
    },
    where,
  );
}

function asTypedArray(value: unknown, where: string): TypedArray {
  const isNumeric =
    ArrayBuffer.isView(value) && !(value instanceof DataView) && typeof (value as TypedArray)[0] !== 'bigint';
  return isNumeric ? (value as TypedArray) : fail(where, 'a typed array of numbers', kind(value));
}
