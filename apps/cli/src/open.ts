import { type ModelFile, readModel } from '@espalier/format';
import type { Dataset } from '@espalier/data';
import { type PrunableModel, show } from '@espalier/core';
import {
  dataMissing,
  fitClasses,
  lossFor,
  openArtifacts,
  type Samples,
  sampleShape,
  type Settings,
  valueOf,
} from '@espalier/pipeline';
import { loadData, resolveModel } from '@espalier/pipeline/node';
import { useBackend } from './backend.js';
import { bytes, note, task, total } from './ui.js';

export interface OpenModel {
  readonly name: string;
  readonly file: ModelFile;
  readonly model: PrunableModel;
}

/** A model, its data and the backend: all that settings name, ready to work with. */
export interface Opened extends OpenModel {
  readonly backend: string;
  readonly calibration?: Samples;
  readonly test?: Samples;
  /** Where the test samples come from, for people. */
  readonly testName?: string;
  /** The same samples calibrate and measure. */
  readonly shared: boolean;
}

type Opening = Pick<Settings, 'loss' | 'nonFinite' | 'inputShape'>;

/**
 * Reads, checks and adapts a model; nothing is left behind if that fails. Weights that are not finite are refused, or with 'keep' left
 * alone by everything that prunes.
 */
export async function openModel(source: string, settings: Opening = {}): Promise<OpenModel> {
  const { path, name } = await resolveModel(source);
  const nonFinite = valueOf(settings, 'nonFinite')!;
  const file = await readModel(path, { nonFinite });
  const { loss, inputShape } = settings;
  const model = await openArtifacts(file.artifacts, {
    where: file.path,
    ...(loss !== undefined && { loss }),
    ...(inputShape && { inputShape }),
    ...(nonFinite === 'keep' && { leaveNotFinite: true }),
  });
  const spared = model.params.filter(({ skip }) => skip?.code === 'not-finite').map(({ id }) => show(id));
  if (spared.length > 0) note(`left alone, as they hold NaN or infinities: ${spared.join(', ')}`);
  model.notes.forEach(note);
  return { name, file, model };
}

export const openTask = (source: string, settings: Opening = {}): Promise<OpenModel> =>
  task(
    'read',
    () => openModel(source, settings),
    ({ name, file }) => `${name}, ${bytes(total(file.files))}`,
  );

/** Opens everything that settings name. The model's loss suits the data. */
export async function openAll(source: string, settings: Settings): Promise<Opened> {
  const backend = await useBackend(valueOf(settings, 'backend')!);
  const open = await openTask(source, settings);
  const data = await openData(open.model, settings);
  return { ...open, ...data, model: lossFor(open.model, data.calibration?.data), backend };
}

type Loaded = Pick<Opened, 'calibration' | 'test' | 'testName' | 'shared'>;

/** The datasets of --data and --test, as the model takes them; one that serves both is said to. */
export async function openData(model: PrunableModel, { data, test }: Pick<Settings, 'data' | 'test'>): Promise<Loaded> {
  const fit = (found: Dataset, where: string): Samples => ({
    data: fitClasses(model.signature, found, where),
    inputShape: sampleShape(model.signature, found, where),
  });
  const load = (spec: string) => loadData(spec, { cwd: process.cwd() });
  const calibration = data === undefined ? undefined : await load(data);
  const used = calibration && { calibration: fit(calibration.train, '--data') };
  if (test !== undefined)
    return { ...used, test: fit((await load(test)).test, '--test'), testName: test, shared: false };
  if (!calibration) return { shared: false };
  const { shared } = calibration;
  if (shared)
    note(
      `${data} has no test part of its own: the same samples calibrate and measure; give --test for an honest accuracy`,
    );
  return { ...used, test: fit(calibration.test, '--data'), testName: `${data}${shared ? '' : ', test part'}`, shared };
}

/** Throws a UsageError with code 'data-missing' where a command, or an option of it, was given none. */
export function required<T>(data: T | undefined, why: string): T {
  if (data !== undefined) return data;
  throw dataMissing(why);
}
