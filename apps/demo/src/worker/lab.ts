/** Whole trials, as the command line runs them: pruned, trained and measured, on the backends that this device has. */
import { type MaskHandle, type PrunableModel, UsageError } from '@espalier/core';
import { arrayBatches, BATCH_DEFAULTS } from '@espalier/core/data';
import { runComparison, runTrial, type Tools } from '@espalier/experiment';
import { accuracy } from '@espalier/measure';
import { cosine, fineTune } from '@espalier/train';
import type { io } from '@tensorflow/tfjs-core';
import { sparsityOf } from '../settings.js';
import { artifactsOf } from './adapted.js';
import { tryBackends, useWorkBackend } from './backend.js';
import { breathe } from './breathe.js';
import { loadDigits } from './digits.js';
import { timeOn } from './latencies.js';
import { type OpenModel, openModel } from './open.js';
import { labelOf, makeScorer, makeStrategy, SEED } from './plugins.js';
import type { Backend, Calls, Measured, Progress, TrialChoice } from './protocol.js';
import { compactForms } from './compact-forms.js';
import { machine } from './machine.js';
import { BROTLI_QUALITY, reportSizes } from './sizes.js';
import { type Steps, stepsOf } from './steps.js';

/** As `espalier prune` does without --lr. */
const LEARNING_RATE = 1e-3;
const DATA_NAME = 'mnist, test part';
const kernelsNote = (backend: string) =>
  `${backend}: pruned models run on @espalier/kernels-${backend}, the dense model on TensorFlow.js's own kernels`;

let open: OpenModel | undefined;
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

  backends: () => tryBackends(),

  async dense({ backends, about }, report) {
    const { model, info, digitShape } = current();
    const { test } = await loadDigits();
    const steps = stepsOf({ epochs: 0, backends: backends.length }, report);
    return runComparison({
      model,
      trials: [],
      ...(await makeTools(backends, steps)),
      onProgress: ({ phase }) => steps.enter(phase),
      about: {
        ...about,
        model: { name: info.name },
        data: digitShape ? { name: DATA_NAME, samples: test.size } : null,
        machine: machine(),
        notes: [
          ...(['wasm', 'webgpu'] as const).filter((name) => backends.includes(name)).map(kernelsNote),
          `brotli at quality ${BROTLI_QUALITY}; the command line compresses at 11`,
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

async function makeTools(
  backends: readonly Backend[],
  steps: Steps,
  onArtifacts?: (artifacts: io.ModelArtifacts) => void,
): Promise<Tools> {
  const { digitShape, info } = current();
  const closed = info.inputShape?.every((n) => n !== null) ? (info.inputShape as number[]) : undefined;
  const inputShape = digitShape ?? closed;
  const { train, test } = await loadDigits();
  return {
    ...(digitShape && {
      calibration: arrayBatches(train, { inputShape: digitShape, seed: SEED, batchSize: BATCH_DEFAULTS.batchSize }),
      accuracy: async (model) => {
        await breathe();
        return accuracy((x) => model.predict(x), test, { inputShape: digitShape });
      },
    }),
    async sizesOf(model) {
      const artifacts = await artifactsOf(model);
      onArtifacts?.(artifacts);
      return reportSizes(artifacts);
    },
    compactOf: async (model) => compactForms(await artifactsOf(model), digitShape && { test, inputShape: digitShape }),
    ...(inputShape && { latency: (contenders) => timeOn(backends, contenders, inputShape, steps) }),
  };
}

function trainer({ epochs }: TrialChoice, steps: Steps) {
  return async (model: PrunableModel, handles: readonly MaskHandle[]) => {
    const { digitShape } = current();
    if (!digitShape)
      throw new UsageError('no-digits', 'this model does not take digits, so there is nothing to train on');
    const { train } = await loadDigits();
    const { losses } = await fineTune(model, {
      data: train,
      inputShape: digitShape,
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
