import { type ModelFile, readModel, type ReadOptions } from '@espalier/format';
import { resolveModel } from '@espalier/pipeline/node';
import type { Option } from 'commander';
import { optionOf } from './options.js';

export type NonFinite = 'refuse' | 'keep';

/** Of commands that look at no weight. */
export const nonFiniteOption = (help = 'refuse | keep: NaN and infinities in weights'): Option =>
  optionOf('nonFinite', help).default('refuse');

/** A model file of any kind, checked, and not yet a model of TensorFlow.js. */
export async function readAny(
  source: string,
  { nonFinite, topology }: Pick<ReadOptions, 'nonFinite' | 'topology'>,
): Promise<{ name: string; file: ModelFile }> {
  const { name, path } = await resolveModel(source);
  return { name, file: await readModel(path, { ...(nonFinite && { nonFinite }), ...(topology && { topology }) }) };
}
