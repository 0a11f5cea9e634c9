import { decodeEspalier, encodeEspalier, type EncodeOptions, type ModelFile } from '@espalier/format';
import { accuracy } from '@espalier/measure';
import { cosine, fineTune, shareWeights } from '@espalier/train';
import type { io } from '@tensorflow/tfjs-core';
import { adaptFile, type AnyPrunable, artifactsOf } from './adapted.js';
import { useBackend } from './backend.js';
import { inputShapeOf, type LoadedData, lossFor, openData, required } from './open.js';
import { task } from './ui.js';

export interface PackData {
  readonly data?: string;
  readonly test?: string;
  readonly loss?: string;
  readonly backend: string;
  readonly batch: number;
  readonly seed: number;
}

/** The data beside a model that is packed, and what is done with it. */
export interface Bench {
  readonly testName: string | undefined;
  /** Per cent of the test samples; undefined = there are none. */
  accuracy(which: string, file: Pick<ModelFile, 'format' | 'artifacts'>): Promise<number | undefined>;
  /** The model with shared values that were trained for some epochs. */
  trainCodebook(encode: EncodeOptions, epochs: number, learningRate: number): Promise<Trained>;
}

export interface Trained {
  readonly artifacts: io.ModelArtifacts;
  /** With the shared values of k-means, before they were trained. */
  readonly untrained: number | undefined;
}

/** Opens the data for a model; nothing is measured yet. */
export async function openBench(name: string, file: ModelFile, options: PackData): Promise<Bench> {
  await useBackend(options.backend);
  const using = <T>(of: Pick<ModelFile, 'format' | 'artifacts'>, work: (model: AnyPrunable) => Promise<T>) =>
    adaptFile({ ...file, ...of }, options.loss).then((model) => work(model).finally(() => model.dispose()));
  const data = await using(file, (model) => openData({ name, file, model }, options.data, options.test));
  const where = options.test === undefined ? '--data' : '--test';
  const measure = (which: string, model: AnyPrunable) =>
    measured(which, model, data, () => inputShapeOf({ name, file, model }, data.test!, where));
  return {
    testName: data.testName,
    accuracy: (which, of) => using(of, (model) => measure(which, model)),
    async trainCodebook(encode, epochs, learningRate) {
      const calibration = required(data.calibration, '--fine-tune');
      const artifacts = decodeEspalier(encodeEspalier(file.artifacts, encode));
      return using({ ...file, artifacts }, async (model) => {
        const open = { name, file, model };
        const inputShape = inputShapeOf(open, calibration, '--data');
        const untrained = await measure('with shared values', model);
        const trained = lossFor(open, calibration, options.loss);
        const handle = await shareWeights(trained);
        await task(
          `fine-tune ${Object.values(handle.values).reduce((sum, n) => sum + n, 0)} shared values`,
          (bar) =>
            fineTune(trained, {
              ...{ data: calibration, inputShape, epochs, batchSize: options.batch, seed: options.seed },
              handles: [handle],
              learningRate: cosine(learningRate),
              onProgress: ({ step, steps, loss }) => bar.update(step, steps, `loss ${loss.toFixed(4)}`),
            }),
          ({ losses }) => `loss ${losses.map((loss) => loss.toFixed(4)).join(' → ')}`,
        );
        handle.makePermanent();
        return { artifacts: await artifactsOf(trained), untrained };
      });
    },
  };
}

async function measured(
  which: string,
  model: AnyPrunable,
  { test }: LoadedData,
  shape: () => number[],
): Promise<number | undefined> {
  if (!test) return undefined;
  const inputShape = shape();
  return task(
    `accuracy ${which}`,
    (bar) => accuracy((x) => model.predict(x), test, { inputShape, onProgress: bar.update }),
    (value) => `${value.toFixed(2)}%`,
  );
}
