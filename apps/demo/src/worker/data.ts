/** What models are trained and measured on: the zoo's digits, or files of the user's own. */
import type { Dataset } from '@espalier/data';
import { ZOO_DATA } from '../zoo-data.js';
import { loadDigits } from './digits.js';
import type { DataInfo, DataSource } from './protocol.js';

export interface Data {
  readonly info: DataInfo;
  readonly train: Dataset;
  readonly test: Dataset;
}

/** Readers of files come with the first files. */
export async function loadData(source: DataSource): Promise<Data> {
  if (source.kind === 'zoo') return { info: ZOO_DATA, ...(await loadDigits()) };
  const { dataFromFiles } = await import('./data-files.js');
  const { train, test, ...rest } = await dataFromFiles(source.files);
  const classes = Math.max(train.classes!, test.classes!);
  return { train, test, info: { ...rest, shape: [...train.shape], train: train.size, test: test.size, classes } };
}
