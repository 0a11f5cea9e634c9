import {
  bitsFrom,
  type MaskHandle,
  memoryPlan,
  type Param,
  type PrunableModel,
  show,
  UsageError,
} from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { SHARE_DEFAULTS } from './defaults.js';

export interface ShareOptions {
  /** The parameters whose weights are shared. Default: the trainable ones of two and more axes that have no more than `most` values. */
  readonly params?: readonly string[];
  /** Most values, beside zero, that a parameter may have. */
  readonly most?: number;
}

export interface SharedWeights extends MaskHandle {
  /** Values beside zero, by parameter. */
  readonly values: Readonly<Record<string, number>>;
}

interface Shared {
  readonly param: Param;
  /** For each weight 0 where it is zero, else 1 + the number of its value. */
  readonly codes: Int32Array;
  /** For each value where it is found first, and what it was. */
  readonly first: Int32Array;
  readonly book: Float32Array;
}

/**
 * Trained quantisation (arXiv:1510.00149): weights of a parameter that are equal now stay equal. The gradient of a shared value is the
 * sum of the gradients of the weights that have it, Σ ∂L/∂w over its members, so that an optimizer moves the values of a codebook and not
 * single weights. Zeros stay +0. Give it to `fineTune` as one of its `handles`; masks of a pruned model may come with it, and need not.
 *
 * The values come from whoever quantised the model, `decodeEspalier(encodeEspalier(…, { values: 'codebook' }))` for one; they are found in
 * the weights. Ended by `makePermanent()`, or by `restore()`, which puts back the values that were there at the beginning.
 *
 * @throws UsageError `shared-values` where a parameter of `params`, or without them every parameter, has more than `most` values;
 * `shared-params` for one that the model does not have.
 */
export async function shareWeights(model: PrunableModel, options: ShareOptions = {}): Promise<SharedWeights> {
  const { most } = { ...SHARE_DEFAULTS, ...options };
  const candidates = chosen(model, options.params);
  const shared: Shared[] = [];
  for (const param of candidates) {
    const found = find(param, await model.read(param.id), most);
    if (found) shared.push(found);
    else if (options.params) throw tooMany(`'${param.id}' has`, param.id, most);
  }
  if (shared.length === 0 && candidates.length > 0) throw tooMany('every parameter has', 'model', most);
  const handle = handleOf(model, shared);
  handle.apply();
  return handle;
}

function handleOf(model: PrunableModel, shared: readonly Shared[]): SharedWeights {
  const tensors = lazyTensors(shared);
  let active = true;
  const check = (call: string) => {
    if (!active) throw ended(call);
  };
  const end = () => {
    active = false;
    tensors.dispose();
  };
  return {
    plan: memoryPlan({
      masks: Object.fromEntries(
        shared.map(({ param, codes }) => [param.id, bitsFrom(codes.length, (i) => codes[i] > 0)]),
      ),
    }),
    values: Object.fromEntries(shared.map(({ param, book }) => [param.id, book.length])),
    apply() {
      check('apply()');
      tf.tidy(() => {
        for (const [i, { param }] of shared.entries()) {
          const variable = model.variable(param.id);
          const [codes, first] = tensors.get(i);
          variable.assign(spread(tf.gather(tf.reshape(variable, [-1]), first), codes, param.shape));
        }
      });
    },
    maskGradients(grads) {
      check('maskGradients()');
      const at = new Map(shared.map(({ param }, i) => [param.id, i]));
      return tf.tidy(() =>
        Object.fromEntries(
          Object.entries(grads).map(([id, gradient]) => {
            const i = at.get(id);
            return [id, i === undefined ? tf.clone(gradient) : summed(gradient, shared[i], tensors.get(i)[0])];
          }),
        ),
      );
    },
    restore() {
      if (!active) return;
      for (const { param, codes, book } of shared) {
        model.write(
          param.id,
          Float32Array.from(codes, (code) => (code > 0 ? book[code - 1] : 0)),
        );
      }
      end();
    },
    makePermanent: end,
  };
}

function chosen({ params }: PrunableModel, ids: readonly string[] | undefined): Param[] {
  if (!ids) return params.filter(({ trainable, shape }) => trainable && shape.length > 1);
  return ids.map((id) => {
    const found = params.find((param) => param.id === id);
    if (found) return found;
    throw new UsageError('shared-params', `the model has no parameter ${show(id)}; see model.params`, {
      where: id,
      wanted: 'a parameter of the model',
    });
  });
}

/** undefined = there are more than `most` values. */
function find(param: Param, values: Float32Array, most: number): Shared | undefined {
  const codeOf = new Map<number, number>([[0, 0]]);
  const first: number[] = [];
  const codes = new Int32Array(values.length);
  for (const [i, value] of values.entries()) {
    let code = codeOf.get(value);
    if (code === undefined) {
      if (first.length === most) return undefined;
      codeOf.set(value, (code = first.push(i)));
    }
    codes[i] = code;
  }
  return { param, codes, first: Int32Array.from(first), book: Float32Array.from(first, (i) => values[i]) };
}

/** The values of a codebook in the places of their codes, +0 for code 0. On wasm gatherND is six times as fast as gather. */
const spread = (book: tf.Tensor, codes: tf.Tensor1D, shape: readonly number[]) =>
  tf.reshape(tf.gatherND(tf.concat([tf.zeros([1]), book]), tf.reshape(codes, [codes.size, 1])), [...shape]);

/** Σ of the gradients by code, in the place of each. */
function summed(gradient: tf.Tensor, { param, first }: Shared, codes: tf.Tensor1D): tf.Tensor {
  const sums = tf.bincount(codes, tf.reshape(gradient, [-1]), first.length + 1);
  return spread(tf.slice(sums, 1), codes, param.shape);
}

/** Codes and first places on the current backend, made when first asked for, and again when the backend has changed. */
function lazyTensors(shared: readonly Shared[]) {
  let made: [tf.Tensor1D, tf.Tensor1D][] = [];
  let backend = '';
  const dispose = () => {
    tf.dispose(made);
    made = [];
  };
  return {
    dispose,
    get(index: number): [tf.Tensor1D, tf.Tensor1D] {
      if (backend !== tf.getBackend()) {
        dispose();
        backend = tf.getBackend();
        made = shared.map(({ codes, first }) => [
          tf.keep(tf.tensor1d(codes, 'int32')),
          tf.keep(tf.tensor1d(first, 'int32')),
        ]);
      }
      return made[index];
    },
  };
}

function tooMany(what: string, where: string, most: number): UsageError {
  const fix = `share at most ${most} values among its weights first, as a codebook does`;
  return new UsageError('shared-values', `${what} more than ${most} different values; ${fix}`, {
    where,
    wanted: `at most ${most} values`,
    found: 'more',
    fix,
  });
}

function ended(call: string): UsageError {
  const fix = 'share the weights again';
  return new UsageError('mask-ended', `${call} of shared weights that restore() or makePermanent() has ended; ${fix}`, {
    where: call,
    fix,
  });
}
