import { type Batch, InputError, seededRandom } from '@espalier/core';
import { arrayBatches, checkDataset, type Dataset } from '@espalier/data';

export interface EpochBatches {
  readonly size: number;
  /** Asked for in order, from the first epoch that is trained. */
  batchesOf(epoch: number): AsyncIterable<Batch>;
}

/** Batches of each epoch, in an order of its own. The first epoch's data is checked before anything is trained. */
export function epochsFrom(
  data: Dataset | ((epoch: number) => Dataset),
  options: { readonly batchSize: number; readonly inputShape?: readonly number[] },
  seed: number,
  firstEpoch = 1,
): EpochBatches {
  const dataOf = (epoch: number) => checkDataset(typeof data === 'function' ? data(epoch) : data);
  const first = dataOf(firstEpoch);
  arrayBatches(first, options);
  const random = seededRandom(seed);
  for (let epoch = 1; epoch < firstEpoch; epoch++) random();
  return {
    size: first.size,
    batchesOf(epoch) {
      const current = epoch === firstEpoch || typeof data !== 'function' ? first : dataOf(epoch);
      if (current.size !== first.size) throw otherSize(epoch, firstEpoch, first.size, current.size);
      return arrayBatches(current, { ...options, seed: Math.floor(random() * 2 ** 32) })();
    },
  };
}

function otherSize(epoch: number, first: number, wanted: number, found: number): InputError {
  const fix = 'draw as many for each epoch';
  return new InputError(
    'data-invalid',
    `the data of epoch ${epoch} has ${found} samples, that of epoch ${first} ${wanted}; ${fix}`,
    { where: `epoch ${epoch}`, wanted: `${wanted} samples`, found: String(found), fix },
  );
}
