import { isKept, type Plan, type PrunableModel, resolveMask } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import {
  type AdapterSubject,
  everySecondUnit,
  everySecondWeight,
  onModel,
  readWeights,
  write,
} from './adapter-subject.js';
import { type Claim, firstDifference, type Law, law } from './law.js';

/** Every pruned weight is +0, every other one is what `expected` says. */
async function checkMasked(
  model: PrunableModel,
  plan: Plan,
  expected: ReadonlyMap<string, Float32Array>,
  claim: Claim,
  when: string,
): Promise<void> {
  for (const param of model.params) {
    const bits = await resolveMask(plan, param, model.groups);
    const wanted = expected.get(param.id)!.map((w, i) => (!bits || isKept(bits, i) ? w : 0));
    const found = await model.read(param.id);
    const at = firstDifference(wanted, found);
    claim(at < 0, () => {
      const show = (v: number) => (Object.is(v, -0) ? '-0' : String(v));
      return `${when}, '${param.id}' at index ${at} is ${show(found[at])}, wanted ${show(wanted[at])}`;
    });
  }
}

/** Once for weights and once for channels, where the model has groups. */
async function forEachPlan(
  subject: AdapterSubject,
  body: (model: PrunableModel, plan: Plan) => Promise<void>,
): Promise<void> {
  for (const planOf of [everySecondWeight, everySecondUnit])
    await onModel(subject, async (model) => {
      const plan = planOf(model);
      if (plan) await body(model, plan);
    });
}

/** Weights with a sign and a NaN, which multiplying by a mask would not turn into +0. */
function disturb(weights: Float32Array): Float32Array {
  return weights.map((w, i) => (i % 6 === 1 ? NaN : i % 6 === 3 ? -Math.abs(w) : i % 6 === 4 ? -0 : w));
}

const zeroes = law<AdapterSubject>('masks pruned weights to +0 and no other', (subject, claim) =>
  forEachPlan(subject, async (model, plan) => {
    for (const [id, weights] of await readWeights(model)) write(model, id, disturb(weights));
    const before = await readWeights(model);
    await model.mask(plan);
    await checkMasked(model, plan, before, claim, 'after mask()');
  }),
);

const applies = law<AdapterSubject>('masks again after an update', (subject, claim) =>
  forEachPlan(subject, async (model, plan) => {
    const handle = await model.mask(plan);
    const updated = new Map(Array.from(await readWeights(model), ([id, w]) => [id, disturb(w.map((v) => v - 0.5))]));
    for (const [id, values] of updated) write(model, id, values);
    const tensors = tf.memory().numTensors;
    handle.apply();
    claim(tf.memory().numTensors === tensors, () => `apply() leaves ${tf.memory().numTensors - tensors} tensors`);
    await checkMasked(model, plan, updated, claim, 'after apply()');
  }),
);

const restores = law<AdapterSubject>(
  'restores the pruned weights to the bit and leaves trained ones',
  (subject, claim) =>
    forEachPlan(subject, async (model, plan) => {
      for (const [id, weights] of await readWeights(model))
        write(
          model,
          id,
          weights.map((w, i) => (i % 6 === 1 ? -0 : w)),
        );
      const before = await readWeights(model);
      const handle = await model.mask(plan);
      for (const [id, weights] of await readWeights(model))
        write(
          model,
          id,
          weights.map((w) => w + 1),
        );
      handle.apply();
      handle.restore();
      for (const param of model.params) {
        const bits = await resolveMask(plan, param, model.groups);
        const wanted = before.get(param.id)!.map((w, i) => (!bits || isKept(bits, i) ? w + 1 : w));
        const at = firstDifference(wanted, await model.read(param.id));
        claim(at < 0, () => `'${param.id}' at index ${at} is not as it was`);
      }
    }),
);

const stacks = law<AdapterSubject>('restores a mask on top of a mask', (subject, claim) =>
  forEachPlan(subject, async (model, plan) => {
    const before = await readWeights(model);
    const first = await model.mask(plan);
    const second = await model.mask(plan);
    second.restore();
    await checkMasked(model, plan, before, claim, 'after restoring the second');
    first.restore();
    for (const [id, values] of before)
      claim(firstDifference(values, await model.read(id)) < 0, () => `'${id}' is not as it was before both`);
  }),
);

const permanent = law<AdapterSubject>('forgets what it pruned when made permanent', (subject, claim) =>
  forEachPlan(subject, async (model, plan) => {
    const before = await readWeights(model);
    const handle = await model.mask(plan);
    handle.makePermanent();
    handle.makePermanent();
    // An ended handle may refuse; what it must not do is bring weights back.
    try {
      handle.restore();
    } catch {
      // refused
    }
    await checkMasked(model, plan, before, claim, 'after makePermanent()');
  }),
);

const gradients = law<AdapterSubject>('masks gradients as new tensors', (subject, claim) =>
  forEachPlan(subject, async (model, plan) => {
    const handle = await model.mask(plan);
    const trainable = model.params.filter((p) => p.trainable);
    const grads = Object.fromEntries(trainable.map(({ id, shape }) => [id, tf.fill([...shape], -2)]));
    const masked = handle.maskGradients(grads);
    for (const param of trainable) {
      claim(!grads[param.id].isDisposed, () => `it disposed the gradient of '${param.id}', which it borrowed`);
      claim(masked[param.id] !== undefined, () => `it lost the gradient of '${param.id}'`);
      claim(masked[param.id] !== grads[param.id], () => `'${param.id}' came back as the same tensor`);
      const bits = await resolveMask(plan, param, model.groups);
      const found = await masked[param.id].data();
      const at = found.findIndex((g, i) => !Object.is(g, !bits || isKept(bits, i) ? -2 : 0));
      claim(at < 0, () => `'${param.id}' at index ${at} is ${found[at]}`);
    }
    tf.dispose(masked);
    const whole = trainable.find(({ id }) => grads[id].isDisposed);
    claim(whole === undefined, () => `freeing the answer freed the gradient of '${whole?.id}'`);
    tf.dispose(grads);
  }),
);

export const MASK_LAWS: readonly Law<AdapterSubject>[] = [zeroes, applies, restores, stacks, permanent, gradients];
