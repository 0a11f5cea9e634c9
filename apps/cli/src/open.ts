import { type Dataset, checkInputShape } from '@espalier/data';
import { InputError, show, UsageError } from '@espalier/core';
import { type ModelFile, readModel } from '@espalier/format';
import {
  adaptFile,
  type AnyPrunable,
  hasLinearOutput,
  inputShapes,
  leaveNotFinite,
  notesOf,
  outputShapes,
  withLoss,
} from './adapted.js';
import { loadData } from './data.js';
import { resolveModel } from './model-source.js';
import type { NonFinite } from './read-any.js';
import { note } from './ui.js';

export interface OpenModel {
  readonly name: string;
  readonly file: ModelFile;
  readonly model: AnyPrunable;
}

/**
 * Reads, checks and adapts a model; nothing is left behind if that fails. Weights that are not finite are refused, or with 'keep' left
 * alone by everything that prunes.
 */
export async function openModel(source: string, loss?: string, nonFinite: NonFinite = 'refuse'): Promise<OpenModel> {
  const { path, name } = await resolveModel(source);
  const file = await readModel(path, { nonFinite });
  const adapted = await adaptFile(file, loss);
  const { model, found } = nonFinite === 'keep' ? await leaveNotFinite(adapted, loss) : { model: adapted, found: [] };
  if (found.length > 0) note(`left alone, as they hold NaN or infinities: ${found.map(show).join(', ')}`);
  notesOf(model).forEach(note);
  return { name, file, model };
}

/** One sample's shape as the model takes it; its open sizes come from the data. */
export function inputShapeOf({ model, name }: OpenModel, data: Dataset, where: string): number[] {
  const inputs = inputShapes(model);
  if (inputs.length !== 1) {
    throw new InputError(
      'model-inputs',
      `${name}: data needs a model with one input, this one has ${inputs.length}; leave the data out`,
      { where: name },
    );
  }
  const shape = inputs[0].slice(1);
  checkInputShape(data, shape, where);
  if (!shape.includes(null)) return shape as number[];
  if (shape.length === data.shape.length && shape.every((n, i) => n === null || n === data.shape[i]))
    return [...data.shape];
  throw new InputError(
    'data-shape',
    `${where}: the model's input [${shape.map((n) => n ?? '?').join(', ')}] leaves sizes open, so samples need the same rank, got [${data.shape.join(', ')}]`,
    { where },
  );
}

export interface LoadedData {
  readonly calibration?: Dataset;
  readonly test?: Dataset;
  /** Where the test samples come from, for people. */
  readonly testName?: string;
  /** The same samples calibrate and measure. */
  readonly shared: boolean;
}

/** The datasets of --data and --test; `mnist` brings a split of its own, one that serves both is said to. */
export async function openData(
  { model }: OpenModel,
  data: string | undefined,
  test: string | undefined,
): Promise<LoadedData> {
  const cwd = process.cwd();
  const load = async (spec: string) => {
    const { train, test: measured, shared } = await loadData(spec, { cwd });
    return { train: fitClasses(model, train, spec), test: fitClasses(model, measured, spec), shared };
  };
  const calibration = data === undefined ? undefined : await load(data);
  if (test !== undefined) {
    return {
      ...(calibration && { calibration: calibration.train }),
      test: (await load(test)).test,
      testName: test,
      shared: false,
    };
  }
  if (!calibration) return { shared: false };
  const { shared } = calibration;
  if (shared)
    note(
      `${data} has no test part of its own: the same samples calibrate and measure; give --test for an honest accuracy`,
    );
  return {
    calibration: calibration.train,
    test: calibration.test,
    testName: `${data}${shared ? '' : ', test part'}`,
    shared,
  };
}

/** Files of labels do not say how many classes there are; the model's output does. */
function fitClasses(model: AnyPrunable, data: Dataset, where: string): Dataset {
  const [output, ...others] = outputShapes(model);
  const width = others.length === 0 ? (output?.[output.length - 1] ?? null) : null;
  if (data.classes === undefined || width === null || width === data.classes || (width === 1 && data.classes <= 2))
    return data;
  if (data.classes < width) return { ...data, classes: width };
  const [wanted, found] = [`labels from 0 to ${width - 1}`, `labels up to ${data.classes - 1}`];
  throw new InputError(
    'data-classes',
    `${where}: the model tells ${width} classes apart, wanted ${wanted}, found ${found}; use data made for this model`,
    { where, wanted, found },
  );
}

/**
 * The loss for a model and its data: what --loss says; cross-entropy for a softmax output; cross-entropy from logits for a
 * linear output with integer labels. undefined = nothing fits, and gradients will ask for --loss.
 */
export function lossFor(open: OpenModel, data: Dataset | undefined, loss: string | undefined): AnyPrunable {
  if (loss !== undefined || open.model.output === 'probabilities') return open.model;
  if (data?.classes === undefined || open.model.loss !== undefined || !hasLinearOutput(open.model)) return open.model;
  return withLoss(open.model, 'softmaxCrossEntropy');
}

/** Throws a UsageError with code 'data-missing' where what needs data was given none. */
export function required<T>(data: T | undefined, why: string): T {
  if (data !== undefined) return data;
  const fix = 'give --data mnist, --data idx:IMAGES,LABELS, a .npz file or an ES module';
  throw new UsageError('data-missing', `${why} needs data; ${fix}`, {
    where: '--data',
    wanted: 'data',
    found: 'none',
    fix,
  });
}
