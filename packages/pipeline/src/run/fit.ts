import { InputError, type PrunableModel } from '@espalier/core';
import { checkInputShape, type Dataset } from '@espalier/data';

type Shape = readonly (number | null)[];

/** What has to be known of a model and of data to tell whether they go together: plain data, so that a page can ask as well. */
export interface Ends {
  readonly inputs: readonly { readonly shape: Shape }[];
  readonly outputs: readonly { readonly shape: Shape }[];
}

const written = (shape: Shape) => `[${shape.map((n) => n ?? '?').join(', ')}]`;

/**
 * The shape of one sample as the model takes it; its open sizes come from the data. Throws InputErrors: 'model-inputs' for a model
 * with several inputs, 'data-shape'.
 */
export function sampleShape({ inputs }: Pick<Ends, 'inputs'>, data: Pick<Dataset, 'shape'>, where: string): number[] {
  if (inputs.length !== 1) {
    const fix = 'leave the data out';
    const [wanted, found] = ['a model with one input', `one with ${inputs.length}`];
    throw new InputError('model-inputs', `data needs ${wanted}, found ${found}; ${fix}`, { where, wanted, found, fix });
  }
  const shape = inputs[0].shape.slice(1);
  checkInputShape(data as Dataset, shape, where);
  if (!shape.includes(null)) return shape as number[];
  if (shape.length === data.shape.length && shape.every((n, i) => n === null || n === data.shape[i]))
    return [...data.shape];
  const [wanted, found] = ['samples of the same rank', written(data.shape)];
  throw new InputError(
    'data-shape',
    `${where}: the model's input ${written(shape)} leaves sizes open, so it needs ${wanted}, got ${found}`,
    { where, wanted, found },
  );
}

/** Files of labels do not say how many classes there are; the model's output does. Throws an InputError with code 'data-classes'. */
export function fitClasses({ outputs }: Pick<Ends, 'outputs'>, data: Dataset, where: string): Dataset {
  const [output, ...others] = outputs;
  const width = others.length === 0 ? (output?.shape.at(-1) ?? null) : null;
  const { classes } = data;
  if (classes === undefined || width === null || width === classes || (width === 1 && classes <= 2)) return data;
  if (classes < width) return { ...data, classes: width };
  const [wanted, found] = [`labels from 0 to ${width - 1}`, `labels up to ${classes - 1}`];
  throw new InputError(
    'data-classes',
    `${where}: the model tells ${width} classes apart, wanted ${wanted}, found ${found}; use data made for this model`,
    { where, wanted, found },
  );
}

/**
 * The loss for a model and its data: what it has; cross-entropy from logits for a linear output with integer labels. A model without
 * any is left as it is, and gradients will ask for a loss.
 */
export function lossFor(model: PrunableModel, data: Dataset | undefined): PrunableModel {
  return data?.classes !== undefined && model.output === 'linear' ? model.withLoss('softmaxCrossEntropy') : model;
}
