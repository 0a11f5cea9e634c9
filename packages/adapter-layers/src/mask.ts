import { type Bits, checkPlan, isKept, type MaskHandle, type Plan, resolveMask, UsageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Group } from '@espalier/core';
import type { Weight } from './params.js';

interface Masked {
  readonly id: string;
  readonly variable: tf.Variable;
  readonly keep: tf.Tensor;
  /** The whole weight as it was; shares its memory until the weight is assigned. */
  readonly before: tf.Tensor;
}

/** Pruned weights are replaced, never multiplied: −1 · 0 is −0, and NaN · 0 is NaN. */
const zeroed = (keep: tf.Tensor, values: tf.Tensor) => tf.where(keep, values, tf.zerosLike(values));

export async function maskWeights(
  plan: Plan,
  weights: readonly Weight[],
  groups: readonly Group[],
): Promise<MaskHandle> {
  await checkPlan(plan, { params: weights.map(({ param }) => param), groups });
  const masked: Masked[] = [];
  for (const { param, variable } of weights) {
    const bits = await resolveMask(plan, param, groups);
    if (bits)
      masked.push({
        id: param.id,
        variable,
        keep: tf.tensor(toBytes(bits), [...param.shape], 'bool'),
        before: tf.clone(variable),
      });
  }
  const byId = new Map(masked.map((entry) => [entry.id, entry]));
  let ended = false;
  const end = () => {
    ended = true;
    tf.dispose(masked.flatMap(({ keep, before }) => [keep, before]));
  };
  const assign = (value: (entry: Masked) => tf.Tensor) =>
    tf.tidy(() => masked.forEach((entry) => entry.variable.assign(value(entry))));
  const handle: MaskHandle = {
    plan,
    apply() {
      if (ended) throw endedError('apply()');
      assign(({ keep, variable }) => zeroed(keep, variable));
    },
    maskGradients(grads) {
      if (ended) throw endedError('maskGradients()');
      return tf.tidy(() =>
        Object.fromEntries(
          Object.entries(grads).map(([id, grad]) => [
            id,
            byId.has(id) ? zeroed(byId.get(id)!.keep, grad) : tf.clone(grad),
          ]),
        ),
      );
    },
    restore() {
      if (ended) return;
      assign(({ keep, variable, before }) => tf.where(keep, variable, before));
      end();
    },
    makePermanent() {
      if (!ended) end();
    },
  };
  handle.apply();
  return handle;
}

const toBytes = (bits: Bits) => Uint8Array.from({ length: bits.length }, (_, i) => Number(isKept(bits, i)));

const endedError = (call: string) =>
  new UsageError(
    'mask-ended',
    `${call} was called on a mask that restore() or makePermanent() has ended; mask the model again`,
    { where: call },
  );
