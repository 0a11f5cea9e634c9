import { join } from 'node:path';
import root from '../root.cjs';
import { isTest, TITLES, type ZooName } from './web.js';

export type { ZooName } from './web.js';

/** A trained model in this package, saved as a TensorFlow.js layers model. */
export interface ZooModel {
  readonly name: ZooName;
  readonly title: string;
  /** The folder that holds model.json and its weights; absolute. */
  readonly dir: string;
  /** What it was trained on, and what it can be measured on. */
  readonly data: 'mnist';
  /** Inputs are (x / 255 − mean) / std for pixels x from 0 to 255. */
  readonly normalise: { readonly mean: number; readonly std: number };
}

const model = (name: ZooName): ZooModel => ({
  name,
  title: TITLES[name],
  dir: join(root, 'models', name),
  data: 'mnist',
  normalise: { mean: 0, std: 1 },
});

/** The trained models by name. The accuracy on the test digits stands in each model.json, under userDefinedMetadata. */
export const ZOO: Readonly<Record<ZooName, ZooModel>> = {
  'lenet-300-100': model('lenet-300-100'),
  'lenet-5': model('lenet-5'),
  'resnet-ds': model('resnet-ds'),
};

/**
 * 10,000 digits in two gzipped IDX files: images [10000, 28, 28] and labels [10000], unsigned bytes. Every fifth digit is
 * the test set. Order and licence: DIGITS.md.
 */
export const DIGITS = {
  images: join(root, 'data', 'images.idx3-ubyte.gz'),
  labels: join(root, 'data', 'labels.idx1-ubyte.gz'),
  isTest,
} as const;
