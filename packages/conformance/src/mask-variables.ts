import { type Bits, isKept, type MaskHandle, type Plan, type PrunableModel, resolveMask } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';

type Maskable = Pick<PrunableModel, 'params' | 'groups' | 'variable' | 'read'>;

interface Entry {
  readonly id: string;
  readonly bits: Bits;
  readonly shape: readonly number[];
  readonly original: Float32Array;
}

/** The reference meaning of a plan, on a model whose weights are variables. */
export async function maskVariables(model: Maskable, plan: Plan): Promise<MaskHandle> {
  let entries: Entry[] = [];
  for (const param of model.params) {
    const bits = await resolveMask(plan, param, model.groups);
    if (bits) entries.push({ id: param.id, bits, shape: param.shape, original: await model.read(param.id) });
  }
  // Selected, not multiplied: 0 · −1 is −0, and 0 · NaN is NaN.
  const zeroed = (entry: Entry, t: tf.Tensor) => tf.where(keptTensor(entry), t, tf.zerosLike(t));
  const apply = () =>
    tf.tidy(() => {
      for (const entry of entries) model.variable(entry.id).assign(zeroed(entry, model.variable(entry.id)));
    });
  apply();
  return {
    plan,
    apply,
    maskGradients: (grads) =>
      tf.tidy(() =>
        Object.fromEntries(
          Object.entries(grads).map(([id, grad]) => {
            const entry = entries.find((e) => e.id === id);
            return [id, entry ? zeroed(entry, grad) : tf.clone(grad)];
          }),
        ),
      ),
    restore() {
      tf.tidy(() => {
        for (const entry of entries) {
          const original = tf.tensor(entry.original, entry.shape as number[], 'float32');
          const v = model.variable(entry.id);
          v.assign(tf.where(keptTensor(entry), v, original));
        }
      });
      entries = [];
    },
    makePermanent() {
      entries = [];
    },
  };
}

function keptTensor({ bits, shape }: Entry): tf.Tensor {
  const kept = Uint8Array.from({ length: bits.length }, (_, i) => Number(isKept(bits, i)));
  return tf.tensor(kept, shape as number[], 'bool');
}
