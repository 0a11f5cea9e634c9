/** Whole trials, as the command line runs them: pruned, trained and measured, on the backends that this device has. */
import { UsageError } from '@espalier/core';
import { accuracy } from '@espalier/measure';
import {
  calibration,
  kernelsNote,
  runComparison,
  runTrial,
  type Samples,
  type Tools,
  trialOf,
} from '@espalier/pipeline';
import type { io } from '@tensorflow/tfjs-core';
import { say } from '../notes.js';
import { fitOf } from '../fit.js';
import { optionsOf } from '../settings.js';
import { tryBackends, useWorkBackend } from './backend.js';
import { breathe } from './breathe.js';
import { compactForms } from './compact-forms.js';
import { type Data, loadData } from './data.js';
import { timeOn } from './latencies.js';
import { machine } from './machine.js';
import { type OpenModel, openModel } from './open.js';
import type { Backend, Calls, Measured, ModelInfo, Progress } from './protocol.js';
import { BROTLI_QUALITY, reportSizes } from './sizes.js';
import { type Steps, stepsOf } from './steps.js';

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
          say('brotli-quality', { quality: BROTLI_QUALITY, other: CLI_BROTLI_QUALITY }),
        ],
      },
    });
  },

  async trial({ choice, backends, denseAccuracy }, report) {
    const { model } = current();
    const { fineTune, scope } = choice;
    const steps = stepsOf({ epochs: fineTune, backends: backends.length }, report);
    const { train } = await fitting();
    if (fineTune > 0 && !train)
      throw new UsageError('data-shape', 'the data does not fit this model, so there is nothing to train on');
    const trial = await trialOf(optionsOf(choice), {
      model,
      samples: train,
      hooks: {
        onProgress: ({ step, steps: all }) => steps.within('fine-tune', step / all),
        onEpoch: () => breathe(),
      },
    });
    let artifacts: io.ModelArtifacts | undefined;
    const tools = await makeTools(backends, steps, (made) => (artifacts = made));
    const row = await runTrial({
      model,
      ...trial,
      id: [trial.label!.strategy, choice.scorer, scope, trial.sparsity, fineTune].join(' '),
      ...(denseAccuracy !== null && { denseAccuracy }),
      ...tools,
      onPhase: (phase) => steps.enter(phase),
    });
    return { row, artifacts: artifacts! } satisfies Measured;
  },
} satisfies {
  [M in keyof Calls]?: (argument: Parameters<Calls[M]>[0], report: Report) => Promise<ReturnType<Calls[M]>>;
};

/** The data as the model takes it; nothing where it does not fit. */
async function fitting(): Promise<{ readonly train?: Samples; readonly test?: Samples }> {
  const { info, train, test } = await dataNow();
  const fit = fitOf(current().info, info);
  if (!fit) return {};
  const { inputShape, classes } = fit;
  return { train: { data: { ...train, classes }, inputShape }, test: { data: { ...test, classes }, inputShape } };
}

const closedShape = ({ inputShapes }: ModelInfo): readonly number[] | undefined =>
  inputShapes.length === 1 && !inputShapes[0].includes(null) ? (inputShapes[0] as number[]) : undefined;

async function makeTools(
  backends: readonly Backend[],
  steps: Steps,
  onArtifacts?: (artifacts: io.ModelArtifacts) => void,
): Promise<Tools> {
  const { train, test } = await fitting();
  const inputShape = test?.inputShape ?? closedShape(current().info);
  return {
    ...(train && { calibration: calibration({}, train) }),
    ...(test && {
      accuracy: async (model) => {
        await breathe();
        return accuracy((x) => model.predict(x), test.data, { inputShape: test.inputShape });
      },
    }),
    async sizesOf(model) {
      const artifacts = await model.toArtifacts();
      onArtifacts?.(artifacts);
      return reportSizes(artifacts);
    },
    compactOf: async (model) => compactForms(await model.toArtifacts(), test),
    ...(inputShape && { latency: (contenders) => timeOn(backends, contenders, inputShape, steps) }),
  };
}
