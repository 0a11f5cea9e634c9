import {
  type Batch,
  isEspalierError,
  type PrunableModel,
  type Scorer,
  scoreModel,
  type Scores,
  sizeOf,
  UsageError,
} from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { firstDifference, type Law, law, rejection } from './law.js';
import { tinyBatches } from './tiny-batches.js';
import { tinyNetwork } from './tiny-network.js';

/** A scorer, and what it is tried on. */
export interface ScorerSubject {
  /** Makes the scorer anew, with the same options each time. */
  make(): Scorer;
  /** A fresh model, the same each time; the suite disposes it. Default: `tinyNetwork()`. */
  readonly model?: () => PrunableModel | Promise<PrunableModel>;
  /** Calibration data that fits the model. Default: `tinyBatches()`. */
  readonly batches?: () => AsyncIterable<Batch>;
}

const batchesOf = (subject: ScorerSubject) => subject.batches ?? tinyBatches();

/** Runs `body` on a fresh model and frees it. */
async function withModel<T>(subject: ScorerSubject, body: (model: PrunableModel) => Promise<T>): Promise<T> {
  const model = await (subject.model ?? tinyNetwork)();
  try {
    return await body(model);
  } finally {
    model.dispose();
  }
}

const openGroups = (model: PrunableModel) => model.groups.filter((g) => g.skip === undefined);

async function readAll(scores: Scores, model: PrunableModel): Promise<Map<string, Float32Array>> {
  const all = new Map<string, Float32Array>();
  for (const id of scores.params) all.set(id, await scores.read(id));
  if (scores.readGroup) for (const { id } of openGroups(model)) all.set(`group ${id}`, await scores.readGroup(id));
  return all;
}

const scoreAll = (subject: ScorerSubject) =>
  withModel(subject, async (model) =>
    readAll(await subject.make().score({ model, batches: batchesOf(subject) }), model),
  );

function different(a: Map<string, Float32Array>, b: Map<string, Float32Array>): string | undefined {
  if (a.size !== b.size) return `${a.size} parameters and groups, then ${b.size}`;
  for (const [id, values] of a) {
    const other = b.get(id);
    if (!other) return `'${id}' is scored only once`;
    const at = firstDifference(values, other);
    if (at >= 0) return `'${id}' at index ${at}: ${values[at]}, then ${other[at]}`;
  }
  return undefined;
}

const named = law<ScorerSubject>('has a name that prints', async ({ make }, claim) => {
  const { name } = make();
  claim(typeof name === 'string' && name.length > 0, () => `got ${String(name)}`);
  claim(!/\p{C}/u.test(name), () => `${JSON.stringify(name)} has characters that do not print`);
});

const shaped = law<ScorerSubject>('scores listed parameters of the model, one value a weight', (subject, claim) =>
  withModel(subject, async (model) => {
    const scores = await subject.make().score({ model, batches: batchesOf(subject) });
    claim(scores.params.length > 0, () => 'it scores nothing');
    claim(new Set(scores.params).size === scores.params.length, () => 'a parameter is listed twice');
    for (const id of scores.params) {
      const param = model.params.find((p) => p.id === id);
      claim(param !== undefined, () => `'${id}' is no parameter of the model`);
      const values = await scores.read(id);
      claim(values instanceof Float32Array, () => `the scores of '${id}' are no Float32Array`);
      const size = sizeOf(param!.shape);
      claim(values.length === size, () => `'${id}' has ${size} weights and got ${values.length} scores`);
    }
    for (const { id, size } of scores.readGroup ? openGroups(model) : []) {
      const values = await scores.readGroup!(id);
      claim(values.length === size, () => `group '${id}' has ${size} units and got ${values.length} scores`);
    }
  }),
);

const finite = law<ScorerSubject>('gives finite scores', async (subject, claim) => {
  for (const [id, values] of await scoreAll(subject)) {
    const at = values.findIndex((v) => !Number.isFinite(v));
    claim(at < 0, () => `'${id}' at index ${at}: ${values[at]}`);
  }
});

const sound = law<ScorerSubject>('gives scores of 0 or more, or says that they are signed', (subject, claim) =>
  withModel(subject, async (model) => {
    const scores = await subject.make().score({ model, batches: batchesOf(subject) });
    for (const [id, values] of await readAll(scores, model)) {
      const at = values.findIndex((v) => v < 0);
      claim(at < 0 || scores.signed === true, () => `'${id}' at index ${at}: ${values[at]}`);
    }
  }),
);

/** The model with one NaN in what it says of a kernel: in its values, or in the gradient of the loss. */
const SPOILT: Record<'weights' | 'gradients', (model: PrunableModel, id: string) => PrunableModel> = {
  weights: (model, id) => ({
    ...model,
    read: async (param) => (await model.read(param)).map((w, i) => (param === id && i === 1 ? NaN : w)),
  }),
  gradients: (model, id) => ({
    ...model,
    async gradients(batch, options) {
      const { loss, grads } = await model.gradients(batch, options);
      if (!grads[id]) return { loss, grads };
      const nan = tf.tidy(() => tf.mul<tf.Tensor>(grads[id], NaN));
      grads[id].dispose();
      return { loss, grads: { ...grads, [id]: nan } };
    },
  }),
};

/** Scores as core uses them, with what they throw: NaN that a scorer passes on is refused there. */
const heldTo = (subject: ScorerSubject, spoil: (model: PrunableModel) => PrunableModel = (model) => model) =>
  withModel(subject, async (model) => {
    let found: Map<string, Float32Array> | undefined;
    const error = await rejection(async () => {
      found = await readAll(
        await scoreModel(subject.make(), { model: spoil(model), batches: batchesOf(subject) }),
        model,
      );
    });
    return { found, error };
  });

const broken = (what: keyof typeof SPOILT) =>
  law<ScorerSubject>(`refuses ${what} that are NaN, or does not look at them`, async (subject, claim) => {
    const whole = await heldTo(subject);
    claim(whole.error === undefined, () => `without NaN it threw ${String(whole.error)}`);
    const id = [...whole.found!.keys()][0];
    const { found, error } = await heldTo(subject, (model) => SPOILT[what](model, id));
    const said = isEspalierError(error) && error.where !== undefined;
    claim(error === undefined || said, () => `wanted an error of @espalier/core that says where, got ${String(error)}`);
    const change = found && different(whole.found!, found);
    claim(change === undefined, () => `it took NaN for something: ${change}`);
  });

const unlisted = law<ScorerSubject>('rejects a parameter that it does not list', (subject, claim) =>
  withModel(subject, async (model) => {
    const scores = await subject.make().score({ model, batches: batchesOf(subject) });
    const error = await rejection(() => scores.read('no such parameter'));
    claim(error !== undefined, () => 'it gave scores for it');
    claim(isEspalierError(error), () => `wanted an error of @espalier/core, got ${String(error)}`);
  }),
);

const deterministic = law<ScorerSubject>('gives the same scores on the same model', async (subject, claim) => {
  const found = different(await scoreAll(subject), await scoreAll(subject));
  claim(found === undefined, () => found!);
});

const repeatable = law<ScorerSubject>('gives the same answer when asked twice, in any order', (subject, claim) =>
  withModel(subject, async (model) => {
    const scores = await subject.make().score({ model, batches: batchesOf(subject) });
    const first = await readAll(scores, model);
    const backwards = { ...scores, params: [...scores.params].reverse() };
    const found = different(first, await readAll(backwards, model));
    claim(found === undefined, () => found!);
  }),
);

const owned = law<ScorerSubject>('gives arrays that belong to the caller', (subject, claim) =>
  withModel(subject, async (model) => {
    const weights = await Promise.all(model.params.map((p) => model.read(p.id)));
    const scores = await subject.make().score({ model, batches: batchesOf(subject) });
    const first = await readAll(scores, model);
    const copies = new Map(Array.from(first, ([id, values]) => [id, values.slice()]));
    for (const values of first.values()) values.fill(-12345);
    const found = different(copies, await readAll(scores, model));
    claim(found === undefined, () => `writing into an answer changed the next one: ${found}`);
    const after = await Promise.all(model.params.map((p) => model.read(p.id)));
    const touched = after.findIndex((w, i) => firstDifference(w, weights[i]) >= 0);
    claim(touched < 0, () => `writing into an answer changed '${model.params[touched].id}'`);
  }),
);

const borrowed = law<ScorerSubject>('leaves the model and the batches as they are', (subject, claim) =>
  withModel(subject, async (model) => {
    const before = await Promise.all(model.params.map((p) => model.read(p.id)));
    let disposed = false;
    const watched = async function* () {
      for await (const batch of batchesOf(subject)()) {
        yield batch;
        disposed ||= batch.x.isDisposed || batch.y.isDisposed;
      }
    };
    await readAll(await subject.make().score({ model, batches: watched }), model);
    claim(!disposed, () => 'it disposed a tensor of a batch, which belongs to the iterator');
    for (const [i, { id }] of model.params.entries()) {
      const at = firstDifference(before[i], await model.read(id));
      claim(at < 0, () => `it changed '${id}' at index ${at}`);
    }
  }),
);

const leakFree = law<ScorerSubject>('leaks no tensor', (subject, claim) =>
  withModel(subject, async (model) => {
    const before = tf.memory().numTensors;
    await readAll(await subject.make().score({ model, batches: batchesOf(subject) }), model);
    const leaked = tf.memory().numTensors - before;
    claim(leaked === 0, () => `${leaked} tensors more than before`);
  }),
);

const failsClean = law<ScorerSubject>('passes on what its data throws, and leaks nothing then', (subject, claim) =>
  withModel(subject, async (model) => {
    const before = tf.memory().numTensors;
    const broken = new Error('the data broke off');
    let asked = false;
    const failing = async function* () {
      asked = true;
      for await (const batch of batchesOf(subject)()) {
        yield batch;
        throw broken;
      }
    };
    const error = await rejection(() => subject.make().score({ model, batches: failing }));
    // A scorer that stops after one batch never sees the failure.
    claim(error === broken || error === undefined || !asked, () => `it threw ${String(error)} instead`);
    const missing = new UsageError('data-missing', 'there is no calibration data');
    const none = await rejection(() =>
      subject.make().score({
        model,
        batches: () => {
          throw missing;
        },
      }),
    );
    claim(none === undefined || none === missing, () => `without data it threw ${String(none)}`);
    claim(!asked || none === missing, () => 'it needs data, and hid that there was none');
    const leaked = tf.memory().numTensors - before;
    claim(leaked === 0, () => `${leaked} tensors more than before`);
  }),
);

export const SCORER_LAWS: readonly Law<ScorerSubject>[] = [
  named,
  shaped,
  finite,
  sound,
  broken('weights'),
  broken('gradients'),
  unlisted,
  deterministic,
  repeatable,
  owned,
  borrowed,
  leakFree,
  failsClean,
];
