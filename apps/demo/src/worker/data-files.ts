import { InputError, show } from '@espalier/core';
import { type Dataset, datasetsOf, type NumberArray, subset } from '@espalier/data';
import { decodeIdx, decodeNpy, decodeNpz } from '@espalier/format/web';
import { isTest } from '@espalier/zoo/web';
import { bytesOf } from './file-bytes.js';
import type { DataInfo, NamedFile } from './protocol.js';

type Found = Pick<DataInfo, 'name' | 'own' | 'shared' | 'argument'> & {
  readonly train: Dataset;
  readonly test: Dataset;
};

const FORMS =
  'one .npz file with x and y (or x_train, y_train, x_test, y_test), two .npy files x and y, or two IDX files';
/** As many values as fit twice into a phone's memory. */
const MOST_VALUES = 64e6;

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
    return fromArrays(arrays, names, names);
  }
  if (named.length !== 2) refuse(names, FORMS, `${named.length} files`);
  if (named.every(({ name }) => /\.npy$/i.test(name))) {
    const arrays = new Map<string, NumberArray>();
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
  const arrays = new Map([
    ['x', images],
    ['y', labels],
  ]);
  return fromArrays(arrays, names, `idx:${images.name},${labels.name}`);
}

/** The command line reads .npz files; for others it has an argument of its own, or none. */
function fromArrays(arrays: ReadonlyMap<string, NumberArray>, name: string, argument = ''): Found {
  const { train, test } = datasetsOf(arrays, name, { maxValues: MOST_VALUES, fix: `give ${FORMS}` });
  if (test) return { name, own: true, shared: false, argument, train, test };
  if (train.size < 5) refuse(name, 'at least five samples', String(train.size));
  const split = { train: subset(train, (i) => !isTest(i)), test: subset(train, isTest) };
  return { name, own: true, shared: true, argument, ...split };
}

function refuse(where: string, wanted: string, found: string): never {
  const fix = wanted === FORMS ? 'see “Your own data”' : `give ${FORMS}`;
  throw new InputError('data-invalid', `${show(where)}: wanted ${wanted}, found ${found}; ${fix}`, {
    where,
    wanted,
    found,
    fix,
  });
}
