import { type MaskHandle, type Plan, type PrunableModel, type View } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { tinyNetwork } from '../src/tiny-network.js';

/** A law, what an adapter does that breaks it, and that adapter. */
export type BrokenAdapter = [law: string, how: string, make: () => PrunableModel];

export const spoilt = (change: (model: PrunableModel) => Partial<PrunableModel>) => () => {
  const model = tinyNetwork();
  return { ...model, ...change(model) };
};
export const spoiltHandle = (
  change: (handle: MaskHandle, model: PrunableModel, plan: Plan) => Partial<MaskHandle> | Promise<Partial<MaskHandle>>,
) =>
  spoilt((model) => ({
    async mask(plan) {
      const handle = await model.mask(plan);
      return { ...handle, ...(await change(handle, model, plan)) };
    },
  }));
export const spoiltView = (change: (seen: PrunableModel, model: PrunableModel) => Partial<PrunableModel>) =>
  spoilt((model) => {
    const look = (view: View): PrunableModel => {
      const seen = model.with(view);
      return { ...seen, ...change(seen, model) };
    };
    return { with: look, withLoss: (loss) => look({ loss }) };
  });
export const changeParam = (change: (p: PrunableModel['params'][0]) => object) =>
  spoilt((m) => ({ params: m.params.map((p, i) => (i === 0 ? { ...p, ...change(p) } : p)) }));
export const changeGroup = (change: (g: PrunableModel['groups'][0]) => object) =>
  spoilt((m) => ({ groups: m.groups.map((g, i) => (i === 0 ? { ...g, ...change(g) } : g)) }));
/** The handle's `apply`, as multiplication by what it zeroes out of ones. */
export const multiply = (handle: MaskHandle, model: PrunableModel) => {
  const kept = tf.tidy(() =>
    handle.maskGradients(Object.fromEntries(model.params.map((p) => [p.id, tf.ones([...p.shape])]))),
  );
  return tf.tidy(() =>
    model.params.forEach(({ id }) => model.variable(id).assign(tf.mul(model.variable(id), kept[id]))),
  );
};
