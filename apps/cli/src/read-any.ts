import { type ModelFile, readModel, type ReadOptions } from '@espalier/format';
import { Option } from 'commander';
import { resolveModel } from './model-source.js';
import { oneOf } from './options.js';

export type NonFinite = 'refuse' | 'keep';

export const nonFiniteOption = (help = 'refuse | keep: NaN and infinities in weights') =>
  new Option('--non-finite <what>', help)
    .argParser(oneOf('--non-finite', ['refuse', 'keep'] as const))
    .default('refuse');

/** A model file of any kind, checked, and not yet a model of TensorFlow.js. */
/** The option of commands that prune. */
export const unscoredOption = () =>
  nonFiniteOption('refuse | keep: weights with NaN or infinities are left alone, bit for bit');

export async function readAny(
  source: string,
  options: Pick<ReadOptions, 'nonFinite' | 'topology'>,
): Promise<{ name: string; file: ModelFile }> {
  const { name, path } = await resolveModel(source);
  const { nonFinite, topology } = options;
  return { name, file: await readModel(path, { ...(nonFinite && { nonFinite }), ...(topology && { topology }) }) };
}
