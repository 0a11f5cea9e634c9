import {
  type Accelerable,
  type AccelerateOptions,
  type Acceleration as AnyAcceleration,
  accelerationOf,
  checkMinSparsity,
  leftAlone,
  type Prepared,
  requireBackend,
  sparsityOf,
  type Weight,
  weightsOf,
} from '@espalier/kernels-kit';
import * as tf from '@tensorflow/tfjs-core';
// The backend registers its kernels when it loads; loaded later, it would put them over ours.
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-wasm';
import { type Build, supportedBuilds } from '../kernels/instance.js';
import type { AcceleratedWeight } from './accelerated-weight.js';
import { patternOf, patternOfEntries } from '../kernels/pattern.js';
import { closeSession, openSession, type Session } from './session.js';
import { entriesOfStored, type StoredWeight, storedByName } from './stored.js';

export interface WasmOptions extends AccelerateOptions {
  /**
   * Weights as a compact file stores them, by their names in the model. Where one is sparse, its kernels' formats are made from positions
   * and values, and the tensor is neither downloaded nor searched for zeros. Borrowed until `dispose()`.
   */
  readonly encodings?: Iterable<StoredWeight>;
}

/** `minSparsity` 0 takes dense weights too, for the dense kernel here is often the quicker. */
export const ACCELERATE_DEFAULTS = { minSparsity: 0 } as const satisfies Required<AccelerateOptions>;

export interface Acceleration extends AnyAcceleration {
  /** undefined = this engine has no WebAssembly SIMD, so nothing is accelerated. */
  readonly build: Build | undefined;
}

/**
 * Makes a model's convolutions and dense layers faster on the wasm backend: `predict`, `execute` and plain `tf.conv2d` or `tf.matMul`
 * with its weights run on kernels that skip zeros, where these are measured to be quicker, and on the stock kernels elsewhere. The
 * measuring happens at a layer's first run, for each power of two of its output pixels. Results differ from the stock ones by
 * the order of adding. A zero weight is skipped, so where x is infinite or NaN it gives 0 instead of NaN. While the model predicts,
 * slices copy what is asked for alone.
 *
 * Encodings are of the weights' data: a weight that is assigned to, disposed, or moved to another backend is on the
 * stock kernel from then on, its encoding is freed, and `layers` says so.
 *
 * @param model a tf.LayersModel, a tf.GraphModel, or `{ weights: { name: tensor } }`; borrowed.
 * @throws UsageError `backend` unless wasm is the current backend, `disposed` for a disposed model, `min-sparsity` for an option
 * that is no share, `encodings` for one that is not of the model's weights, `tfjs-internals` for a TensorFlow.js whose memory cannot be reached.
 */
export async function accelerate(model: Accelerable, options: WasmOptions = {}): Promise<Acceleration> {
  const { minSparsity, encodings = [] } = { ...ACCELERATE_DEFAULTS, ...options };
  checkMinSparsity(minSparsity);
  const stored = storedByName(encodings);
  requireBackend('wasm', 'accelerate()');
  const weights = weightsOf(model);
  const [build] = supportedBuilds();
  if (!build) return withoutSimd(weights);
  const session = await openSession(tf.backend() as BackendWasm, build);
  try {
    return connect(
      model,
      session,
      await Promise.all(weights.map((weight) => prepare(session, weight, minSparsity, stored.get(weight.id)))),
    );
  } catch (error) {
    closeSession(session);
    throw error;
  }
}

async function prepare(
  session: Session,
  { id, tensor }: Weight,
  minSparsity: number,
  stored: StoredWeight | undefined,
): Promise<Prepared<AcceleratedWeight>> {
  const { dataId, shape } = tensor;
  const outputs = shape.at(-1)!;
  const entries = stored && entriesOfStored(stored, shape, await elements(session, tensor));
  const pattern = entries
    ? patternOfEntries(entries, entries.starts.length - 1, outputs)
    : patternOf((await tensor.data()) as Float32Array, outputs);
  const sparsity = sparsityOf(pattern);
  const known = { id, tensor, dataId, sparsity };
  const reason = leftAlone(pattern.finite, sparsity, minSparsity);
  if (reason !== undefined) return { ...known, reason };
  return { ...known, accelerated: session.add(dataId, pattern, { measured: true, ...(entries && { entries }) }) };
}

/** In place where the tensor is in WebAssembly memory already, so not to be held over an allocation. */
async function elements({ heap: { backend } }: Session, tensor: tf.Tensor): Promise<Float32Array> {
  if (!backend.dataIdMap.has(tensor.dataId)) return (await tensor.data()) as Float32Array;
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

function connect(model: Accelerable, session: Session, prepared: readonly Prepared<AcceleratedWeight>[]): Acceleration {
  const unwrap = session.slices.during(model);
  const acceleration = accelerationOf(prepared, {
    find: session.find,
    remove: session.remove,
    choiceOf: ({ choice }) => choice && { kernel: choice.format?.name ?? 'stock', reason: choice.reason },
    close() {
      unwrap();
      closeSession(session);
    },
  });
  return Object.assign(acceleration, { build: session.heap.build });
}

function withoutSimd(weights: readonly Weight[]): Acceleration {
  const layers = weights.map(({ id }) => ({
    id,
    kernel: 'stock',
    sparsity: NaN,
    reason: 'this engine has no WebAssembly SIMD',
  }));
  return { layers, build: undefined, dispose: () => {} };
}
