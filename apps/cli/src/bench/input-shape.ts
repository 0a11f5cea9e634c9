import { InputError, UsageError } from '@espalier/core';
import type { OpenModel } from '../open.js';

const text = (shape: readonly (number | null)[]) => `[${shape.map((n) => n ?? '?').join(', ')}]`;

/**
 * One sample's shape: the model's own, its open sizes from --input-shape. Throws an InputError with code 'model-inputs' for several inputs, a
 * UsageError with code 'input-shape' where sizes are open and not given, or given and different.
 */
export function benchShape({ model, name }: Pick<OpenModel, 'model' | 'name'>, given: number[] | undefined): number[] {
  const { inputs } = model.signature;
  if (inputs.length !== 1) {
    throw new InputError('model-inputs', `${name}: bench needs a model with one input, this one has ${inputs.length}`, {
      where: name,
      wanted: 'one input',
      found: String(inputs.length),
    });
  }
  const own = inputs[0].shape.slice(1);
  const fits = given && given.length === own.length && own.every((n, i) => n === null || n === given[i]);
  if (given && !fits)
    throw refuse(`${name}: its samples are ${text(own)}, --input-shape gives ${text(given)}`, own, text(given));
  if (given) return given;
  if (own.includes(null)) {
    throw refuse(`${name}: its input ${text(own)} leaves sizes open`, own, 'no --input-shape');
  }
  return own as number[];
}

function refuse(what: string, own: readonly (number | null)[], found: string): UsageError {
  const example = own.map((n, i) => n ?? (i < 2 && own.length === 3 ? 224 : 32)).join(',');
  const fix = own.includes(null)
    ? `give the sizes of one sample, such as --input-shape ${example}`
    : 'leave --input-shape out';
  return new UsageError('input-shape', `${what}; ${fix}`, { where: '--input-shape', wanted: text(own), found, fix });
}
