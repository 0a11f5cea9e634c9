import * as tf from '@tensorflow/tfjs-core';
import {
  type Bits,
  checkPlan,
  countKept,
  type Group,
  InputError,
  isKept,
  type MaskHandle,
  type Param,
  type Plan,
  resolveMask,
  unitsOf,
  UsageError,
} from '@espalier/core';

/** A weight of a model: what Espalier says of it, and the variable that holds it. */
export interface HeldWeight {
  readonly param: Param;
  readonly variable: tf.Variable;
}

interface Masked {
  readonly id: string;
  readonly variable: tf.Variable;
  readonly bits: Bits;
  /** The pruned weights, in order, as they were. */
  readonly pruned: Float32Array;
}

/**
 * Puts +0 in place of every weight that the plan prunes, now and at each `apply()`. Weights are selected, not multiplied:
 * 0 · −1 is −0, and 0 · NaN is NaN. What was pruned is kept on the CPU until the handle ends, so handles survive a change
 * of backend. Ended, a handle throws a UsageError with code 'mask-ended' rather than let training refill the zeros.
 *
 * Throws an InputError with code 'plan-mismatch' for a plan of another model, and with code 'group-fixed' for a plan that
 * removes units of a group that may lose none.
 *
 * A mask that nobody ended still holds tensors: whoever disposes the model ends those in `handles`, to which the new one is added.
 */
export async function maskWeights(
  weights: readonly HeldWeight[],
  groups: readonly Group[],
  plan: Plan,
  handles: MaskHandle[] = [],
): Promise<MaskHandle> {
  await checkUnits(plan, weights, groups);
  const masked: Masked[] = [];
  for (const { param, variable } of weights) {
    const bits = await resolveMask(plan, param, groups);
    if (!bits || countKept(bits) === bits.length) continue;
    masked.push({ id: param.id, variable, bits, pruned: prunedOf(bits, await variable.data<'float32'>()) });
  }
  const kept = keptTensors(masked);
  let active = true;
  const end = () => {
    active = false;
    kept.dispose();
    masked.length = 0;
  };
  const handle: MaskHandle = {
    plan,
    apply() {
      if (!active) throw ended('apply()');
      tf.tidy(() => {
        for (const [i, { variable }] of masked.entries()) variable.assign(zeroed(kept.get(i), variable));
      });
    },
    maskGradients(grads) {
      if (!active) throw ended('maskGradients()');
      return tf.tidy(() => {
        const index = new Map(masked.map(({ id }, i) => [id, i]));
        const entries = Object.entries(grads).map(([id, grad]) => {
          const i = index.get(id);
          return [id, i === undefined ? tf.clone(grad) : zeroed(kept.get(i), grad)];
        });
        return Object.fromEntries(entries) as tf.NamedTensorMap;
      });
    },
    restore() {
      if (!active) return;
      tf.tidy(() => {
        for (const [i, { variable, bits, pruned }] of masked.entries()) {
          const before = tf.tensor(spread(bits, pruned), variable.shape, 'float32');
          variable.assign(tf.where(kept.get(i), variable, before));
        }
      });
      end();
    },
    makePermanent: end,
  };
  handle.apply();
  handles.push(handle);
  return handle;
}

/** Throws unless the plan was made for a model of this shape and removes only units that may go. */
export async function checkUnits(plan: Plan, weights: readonly HeldWeight[], groups: readonly Group[]): Promise<void> {
  await checkPlan(plan, { params: weights.map(({ param }) => param), groups });
  for (const { id, skip } of groups) {
    const units = unitsOf(plan, id);
    if (skip === undefined || !units || countKept(units) === units.length) continue;
    throw new InputError('group-fixed', `the plan removes channels of '${id}', which must stay: ${skip.text}`, {
      where: id,
      wanted: 'all channels kept',
      found: `${units.length - countKept(units)} of ${units.length} removed`,
    });
  }
}

function ended(call: string): UsageError {
  const fix = 'mask the model again';
  return new UsageError('mask-ended', `${call} of a mask that restore() or makePermanent() has ended; ${fix}`, {
    where: call,
    fix,
  });
}

const zeroed = (kept: tf.Tensor, t: tf.Tensor) => tf.where(kept, t, tf.zerosLike(t));

function prunedOf(bits: Bits, values: Float32Array): Float32Array {
  return values.filter((_, i) => !isKept(bits, i));
}

/** The pruned weights back in their places, 0 everywhere else. */
function spread(bits: Bits, pruned: Float32Array): Float32Array {
  let at = 0;
  return Float32Array.from({ length: bits.length }, (_, i) => (isKept(bits, i) ? 0 : pruned[at++]));
}

/** Boolean masks on the current backend, made when first asked for, and again when the backend has changed. */
function keptTensors(masked: readonly Masked[]) {
  let tensors: tf.Tensor[] = [];
  let backend = '';
  const dispose = () => {
    tf.dispose(tensors);
    tensors = [];
  };
  return {
    dispose,
    get(index: number): tf.Tensor {
      if (backend !== tf.getBackend()) {
        dispose();
        backend = tf.getBackend();
      }
      const { bits, variable } = masked[index];
      tensors[index] ??= tf.keep(tf.tensor(boolsOf(bits), variable.shape, 'bool'));
      return tensors[index];
    },
  };
}

const boolsOf = (bits: Bits) => Uint8Array.from({ length: bits.length }, (_, i) => Number(isKept(bits, i)));
