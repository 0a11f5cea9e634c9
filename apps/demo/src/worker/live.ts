/** What answers while the user plays: the mask at once, accuracy and exact sizes behind it. */
import { type MaskHandle, type Plan, type PrunableModel, type Scores, sizeOf, UsageError } from '@espalier/core';
import { copyOf, panelParam } from '@espalier/pipeline';
import { memory, tensor, tidy } from '@tensorflow/tfjs-core';
import { type Choice, needsData } from '../settings.js';
import { useWorkBackend } from './backend.js';
import { fitOf } from '../fit.js';
import { type Data, loadData } from './data.js';
import { type OpenModel, openModel } from './open.js';
import { preview, type Source } from './preview.js';
import type { Calls, Which } from './protocol.js';
import { packModel } from './pack.js';
import { accuracyOf } from './live-accuracy.js';
import { scoreInMemory } from './live-scores.js';

interface Live extends Omit<Source, 'scores' | 'shown'> {
  shown: Source['shown'];
  readonly open: OpenModel;
  /** A copy that masks go on. */
  readonly twin: PrunableModel;
  readonly scores: Map<string, Promise<Scores>>;
  plan: Plan | undefined;
  /** What the plan was made for. */
  choice: Choice | undefined;
  handle: MaskHandle | undefined;
}

let live: Live | undefined;
let loading: Promise<Data> | undefined;
const dataNow = () => (loading ??= loadData({ kind: 'zoo' }));
/** Grows with every preview, so that what follows an older one stops. */
let generation = 0;
const kept = new Map<string, PrunableModel>();

const current = (): Live => {
  if (live) return live;
  throw new UsageError('no-model', 'no model is open');
};

export const liveCalls = {
  async open(source) {
    await useWorkBackend();
    const open = await openModel(source);
    const twin = await copyOf(open.model).catch((error) => {
      open.model.dispose();
      throw error;
    });
    close();
    const rawBytes = 4 * open.info.params;
    live = {
      open,
      model: open.model,
      twin,
      shown: undefined,
      rawBytes,
      scores: new Map(),
      plan: undefined,
      choice: undefined,
      handle: undefined,
    };
    return open.info;
  },

  async data(source) {
    const data = await loadData(source);
    loading = Promise.resolve(data);
    generation++;
    // Scores of other samples.
    live?.scores.clear();
    return data.info;
  },

  async preview({ kernel, ...choice }) {
    generation++;
    const state = current();
    const scores = await scoresOf(state, choice);
    const shown = await shownKernel(state, kernel);
    const { plan, result } = await preview({ ...state, scores, shown }, choice);
    state.plan = plan;
    state.choice = choice;
    return result;
  },

  async details() {
    const state = current();
    const mine = generation;
    const { plan, twin, open } = state;
    if (!plan) return null;
    state.handle?.restore();
    state.handle = await twin.mask(plan);
    state.handle.apply();
    const accuracy = await measured(open, twin, () => mine === generation);
    if (accuracy === undefined || mine !== generation) return null;
    return { accuracy, artifacts: await liveArtifacts(state) };
  },

  async denseAccuracy() {
    const { open, model } = current();
    return (await measured(open, model, () => true)) ?? null;
  },

  async predict({ images, which }) {
    const { info } = current().open;
    const fit = fitOf(info, (await dataNow()).info);
    if (!fit) throw new UsageError('data-shape', 'this model does not take such data');
    const count = images.length / sizeOf(fit.inputShape);
    const answers: number[][][] = [];
    for (const name of which) {
      const model = modelOf(name);
      const y = tidy(() => model.predict(tensor(images, [count, ...fit.inputShape])));
      const values = await y.data();
      y.dispose();
      const width = values.length / count;
      answers.push(Array.from({ length: count }, (_, i) => Array.from(values.slice(i * width, (i + 1) * width))));
    }
    return answers;
  },

  async samples({ from, count }) {
    const { test } = await dataNow();
    const width = sizeOf(test.shape);
    return {
      shape: [...test.shape],
      values: test.x.slice(from * width, (from + count) * width),
      labels: Int32Array.from(test.y.slice(from, from + count)),
    };
  },

  async keep({ id, artifacts }) {
    const { model } = await openModel({ kind: 'artifacts', name: id, artifacts });
    kept.get(id)?.dispose();
    kept.set(id, model);
    return true as const;
  },

  async memory() {
    const { numTensors, numBytes } = memory();
    return { tensors: numTensors, bytes: numBytes };
  },

  async pack({ which, as, values }) {
    const artifacts = which === 'live' ? await exactArtifacts(current()) : await modelOf(which).toArtifacts();
    return packModel(artifacts, as, values);
  },
} satisfies { [M in keyof Calls]?: (argument: Parameters<Calls[M]>[0]) => Promise<ReturnType<Calls[M]>> };

function close(): void {
  generation++;
  live?.handle?.restore();
  live?.twin.dispose();
  live?.model.dispose();
  for (const model of kept.values()) model.dispose();
  kept.clear();
  live = undefined;
}

function modelOf(which: Which): PrunableModel {
  const { model, twin } = current();
  const found = which === 'dense' ? model : which === 'live' ? twin : kept.get(which);
  if (found) return found;
  throw new UsageError('no-model', `there is no model '${which}'`);
}

/** null = the data does not fit; undefined = `goesOn` said no in between. */
async function measured({ info }: OpenModel, model: PrunableModel, goesOn: () => boolean) {
  const data = await dataNow();
  const fit = fitOf(info, data.info);
  return fit ? accuracyOf(model, { ...data.test, classes: fit.classes }, fit.inputShape, goesOn) : null;
}

/** The weights that are drawn, read once as long as the same kernel is. */
async function shownKernel(state: Live, wanted: string | null): Promise<Live['shown']> {
  const { model, shown } = state;
  const param = model.params.find(({ id, role }) => id === wanted && role === 'kernel') ?? panelParam(model.params);
  if (!param) return undefined;
  if (shown?.param !== param) state.shown = { param, values: await model.read(param.id) };
  return state.shown;
}

/** Scored once for each scorer. */
function scoresOf(state: Live, { scorer }: Choice): Promise<Scores> {
  const found = state.scores.get(scorer);
  if (found) return found;
  const scoring = dataNow().then((data) => scoreInMemory(state.open, data, scorer));
  state.scores.set(scorer, scoring);
  scoring.catch(() => state.scores.get(scorer) === scoring && state.scores.delete(scorer));
  return scoring;
}

/** Of the masked twin, or of the smaller model that its plan leaves. */
async function liveArtifacts({ model, twin, plan }: Live) {
  if (!plan || Object.keys(plan.units).length === 0) return twin.toArtifacts();
  const smaller = await model.shrink(plan);
  try {
    return await smaller.toArtifacts();
  } finally {
    smaller.dispose();
  }
}

/** What the command that is shown makes: scored on all samples, where a live answer looks at a few. */
async function exactArtifacts(state: Live) {
  const { model, open, choice } = state;
  const data = await dataNow();
  if (!choice || !needsData(choice.scorer) || !fitOf(open.info, data.info)) return liveArtifacts(state);
  const scores = await scoreInMemory(open, data, choice.scorer, data.train.size);
  const { plan } = await preview({ ...state, scores, shown: undefined }, choice);
  const isSmaller = Object.keys(plan.units).length > 0;
  const copy = await (isSmaller ? model.shrink(plan) : copyOf(model));
  try {
    if (!isSmaller) (await copy.mask(plan)).makePermanent();
    return await copy.toArtifacts();
  } finally {
    copy.dispose();
  }
}
