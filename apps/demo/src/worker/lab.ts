/** Whole trials, as the command line runs them: pruned, trained and measured, on the backends that this device has. */
import { type MaskHandle, type PrunableModel, sentence, UsageError } from '@espalier/core';
import { arrayBatches, BATCH_DEFAULTS } from '@espalier/data';
import { runComparison, runTrial, type Tools } from '@espalier/pipeline';
import { accuracy } from '@espalier/measure';
import { cosine, fineTune } from '@espalier/train';
import type { io } from '@tensorflow/tfjs-core';
import { fitOf } from '../fit.js';
import { sparsityOf } from '../settings.js';
import { artifactsOf } from './adapted.js';
import { tryBackends, useWorkBackend } from './backend.js';
import { breathe } from './breathe.js';
import { type Data, loadData } from './data.js';
import { timeOn } from './latencies.js';
import { type OpenModel, openModel } from './open.js';
import { labelOf, makeScorer, makeStrategy, SEED } from './plugins.js';
import type { Backend, Calls, Measured, ModelInfo, Progress, TrialChoice } from './protocol.js';
import { compactForms } from './compact-forms.js';
import { machine } from './machine.js';
import { BROTLI_QUALITY, reportSizes } from './sizes.js';
import { type Steps, stepsOf } from './steps.js';

/** As `espalier prune` does without --lr. */
const LEARNING_RATE = 1e-3;
const kernelsNote = (backend: string) => sentence('kernels-used', { backend, kernels: `@espalier/kernels-${backend}` });
/** What the command line compresses at. */
const CLI_BROTLI_QUALITY = 11;

let open: OpenModel | undefined;
let loading: Promise<Data> | undefined;
const dataNow = () => (loading ??= loadData({ kind: 'zoo' }));
type Report = (progress: Progress) => void;

const current = (): OpenModel => {
  if (open) return open;
  throw new UsageError('no-model', 'no model is open');
};

export const labCalls = {
  async open(source) {
    await useWorkBackend();
    const opened = await openModel(source);
    open?.model.dispose();
    open = opened;
    return opened.info;
  },

  async data(source) {
    const data = await loadData(source);
    loading = Promise.resolve(data);
    return data.info;
  },

  backends: () => tryBackends(),

  async dense({ backends, about }, report) {
    const { model, info } = current();
    const data = await dataNow();
    const steps = stepsOf({ epochs: 0, backends: backends.length }, report);
    return runComparison({
      model,
      trials: [],
      ...(await makeTools(backends, steps)),
      onProgress: ({ phase }) => steps.enter(phase),
      about: {
        ...about,
        model: { name: info.name },
        data: fitOf(info, data.info) ? { name: `${data.info.name}, test part`, samples: data.test.size } : null,
        machine: machine(),
        notes: [
          ...(['wasm', 'webgpu'] as const).filter((name) => backends.includes(name)).map(kernelsNote),
          sentence('brotli-quality', { quality: BROTLI_QUALITY, other: CLI_BROTLI_QUALITY }),
        ],
      },
    });
  },

  async trial({ choice, backends, denseAccuracy }, report) {
    const { model } = current();
    const steps = stepsOf({ epochs: choice.epochs, backends: backends.length }, report);
    const label = { ...labelOf(choice), scorer: choice.scorer };
    const sparsity = sparsityOf(choice);
    let artifacts: io.ModelArtifacts | undefined;
    const tools = await makeTools(backends, steps, (made) => (artifacts = made));
    const row = await runTrial({
      model,
      id: [label.strategy, choice.scorer, choice.scope, sparsity, choice.epochs].join(' '),
      strategy: makeStrategy(choice),
      scorer: makeScorer(choice.scorer),
      sparsity,
      label,
      ...(denseAccuracy !== null && { denseAccuracy }),
      ...tools,
      ...(choice.epochs > 0 && { fineTune: trainer(choice, steps) }),
      onPhase: (phase) => steps.enter(phase),
    });
    return { row, artifacts: artifacts! } satisfies Measured;
  },
} satisfies {
  [M in keyof Calls]?: (argument: Parameters<Calls[M]>[0], report: Report) => Promise<ReturnType<Calls[M]>>;
};

/** The data as the model takes it. */
async function fitting() {
  const { info, train, test } = await dataNow();
  const fit = fitOf(current().info, info);
  const classes = fit?.classes ?? info.classes;
  return { fit, train: { ...train, classes }, test: { ...test, classes } };
}

const closedShape = ({ inputShapes }: ModelInfo): readonly number[] | undefined =>
  inputShapes.length === 1 && !inputShapes[0].includes(null) ? (inputShapes[0] as number[]) : undefined;

async function makeTools(
  backends: readonly Backend[],
  steps: Steps,
  onArtifacts?: (artifacts: io.ModelArtifacts) => void,
): Promise<Tools> {
  const { info } = current();
  const { train, test, fit } = await fitting();
  const inputShape = fit?.inputShape ?? closedShape(info);
  return {
    ...(fit && {
      calibration: arrayBatches(train, { inputShape: fit.inputShape, seed: SEED, batchSize: BATCH_DEFAULTS.batchSize }),
      accuracy: async (model) => {
        await breathe();
        return accuracy((x) => model.predict(x), test, { inputShape: fit.inputShape });
      },
    }),
    async sizesOf(model) {
      const artifacts = await artifactsOf(model);
      onArtifacts?.(artifacts);
      return reportSizes(artifacts);
    },
    compactOf: async (model) => compactForms(await artifactsOf(model), fit && { test, inputShape: fit.inputShape }),
    ...(inputShape && { latency: (contenders) => timeOn(backends, contenders, inputShape, steps) }),
  };
}

function trainer({ epochs }: TrialChoice, steps: Steps) {
  return async (model: PrunableModel, handles: readonly MaskHandle[]) => {
    const { train, fit } = await fitting();
    if (!fit) throw new UsageError('data-shape', 'the data does not fit this model, so there is nothing to train on');
    const { losses } = await fineTune(model, {
      data: train,
      inputShape: fit.inputShape,
      epochs,
      seed: SEED,
      handles,
      learningRate: cosine(LEARNING_RATE),
      onProgress: ({ step, steps: all }) => steps.within('fine-tune', step / all),
      onEpoch: () => breathe(),
    });
    return { epochs: losses.length, loss: losses[losses.length - 1] };
  };
}
