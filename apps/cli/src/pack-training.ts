import { decodeEspalier, encodeEspalier, type EncodeOptions, type ModelFile } from '@espalier/format';
import { cosine, fineTune, shareWeights } from '@espalier/train';
import type { io } from '@tensorflow/tfjs-core';
import type { PrunableModel } from '@espalier/core';
import { accuracyOf, lossFor, openArtifacts, type Settings, valueOf } from '@espalier/pipeline';
import { useBackend } from './backend.js';
import { openData, required } from './open.js';
import { task } from './ui.js';

export type PackData = Pick<Settings, 'data' | 'test' | 'loss' | 'backend' | 'batch' | 'seed'>;

/** The data beside a model that is packed, and what is done with it. */
export interface Bench {
  readonly testName: string | undefined;
  /** Per cent of the test samples; undefined = there are none. */
  accuracy(which: string, file: Pick<ModelFile, 'artifacts'>): Promise<number | undefined>;
  /** The model with shared values that were trained for some epochs. */
  trainCodebook(encode: EncodeOptions, epochs: number, learningRate: number): Promise<Trained>;
}

export interface Trained {
  readonly artifacts: io.ModelArtifacts;
  /** With the shared values of k-means, before they were trained. */
  readonly untrained: number | undefined;
}

type File = Pick<ModelFile, 'artifacts' | 'path'>;

/** Opens the data for a model; nothing is measured yet. */
export async function openBench(file: File, options: PackData): Promise<Bench> {
  await useBackend(valueOf(options, 'backend')!);
  const { loss } = options;
  const using = async <T>(of: Pick<File, 'artifacts'>, work: (model: PrunableModel) => Promise<T>): Promise<T> => {
    const model = await openArtifacts(of.artifacts, { where: file.path, ...(loss !== undefined && { loss }) });
    return work(model).finally(() => model.dispose());
  };
  const { calibration, test, testName } = await using(file, (model) => openData(model, options));
  const measure = async (which: string, model: PrunableModel) =>
    test && (await accuracyOf(which, model, test, { task }));
  return {
    testName,
    accuracy: (which, of) => using(of, (model) => measure(which, model)),
    async trainCodebook(encode, epochs, learningRate) {
      const { data, inputShape } = required(calibration, '--fine-tune');
      const artifacts = decodeEspalier(encodeEspalier(file.artifacts, encode));
      return using({ artifacts }, async (model) => {
        const untrained = await measure('with shared values', model);
        const trained = lossFor(model, data);
        const handle = await shareWeights(trained);
        await task(
          `fine-tune ${Object.values(handle.values).reduce((sum, n) => sum + n, 0)} shared values`,
          (bar) =>
            fineTune(trained, {
              ...{ data, inputShape, epochs, batchSize: valueOf(options, 'batch')!, seed: valueOf(options, 'seed')! },
              handles: [handle],
              learningRate: cosine(learningRate),
              onProgress: ({ step, steps, loss }) => bar.update(step, steps, `loss ${loss.toFixed(4)}`),
            }),
          ({ losses }) => `loss ${losses.map((loss) => loss.toFixed(4)).join(' → ')}`,
        );
        handle.makePermanent();
        return { artifacts: await trained.toArtifacts(), untrained };
      });
    },
  };
}
