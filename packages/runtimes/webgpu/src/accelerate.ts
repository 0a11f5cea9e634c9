import { UsageError } from '@espalier/core';
import {
  type Accelerable,
  type AccelerateOptions as AnyOptions,
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
import { FORMATS } from './formats/index.js';
import type { Gpu } from './gpu.js';
import type { AcceleratedWeight, KernelOptions } from './accelerated-weight.js';
import { patternOf } from './pattern.js';
import { closeSession, openSession, type Session } from './session.js';

export interface AccelerateOptions extends AnyOptions {
  /** The share of zeros from which kernels for zeros anywhere are measured at all: below, dense kernels win on GPUs. */
  readonly unstructuredFrom?: number;
  /** 'auto' measures; a kernel's name uses it wherever it fits, unmeasured; 'stock' is TensorFlow.js's own. For tests and comparisons. */
  readonly kernel?: string;
}

export const ACCELERATE_DEFAULTS = {
  minSparsity: 0,
  unstructuredFrom: 0.7,
  kernel: 'auto',
} as const satisfies Required<AccelerateOptions>;

/** The names that `kernel` takes. */
export const KERNELS: readonly string[] = ['auto', 'stock', ...FORMATS.map(({ name }) => name)];

export interface Acceleration extends AnyAcceleration {
  /** How time is taken on this device: by its own timestamps, or by the wall clock. */
  readonly clock: 'timestamps' | 'wall';
  /** Resolves when every layer that has run is measured, and `layers` says what it runs on from now on. */
  ready(): Promise<void>;
}

/**
 * Makes a pruned model's convolutions and dense layers faster on the webgpu backend: `predict`, `execute` and plain `tf.conv2d` or
 * `tf.matMul` with its weights run on kernels that skip zeros, where these are measured to be quicker on this device, and on the
 * stock kernels elsewhere. Measuring starts at a layer's first run, for each power of two of its output pixels, and goes on beside
 * the model, which runs on the stock kernels until then; `ready()` waits for it. Results differ from the stock ones by the order of
 * adding. A zero weight may be skipped, so where x is infinite or NaN it may give 0 instead of NaN.
 *
 * Encodings are of the weights' data: a weight that is assigned to, disposed, or moved to another backend is on the
 * stock kernel from then on, its encoding is freed, and `layers` says so.
 *
 * @param model a tf.LayersModel, a tf.GraphModel, or `{ weights: { name: tensor } }`; borrowed.
 * @throws UsageError `backend` unless webgpu is the current backend, `disposed` for a disposed model, `min-sparsity`,
 * `unstructured-from` and `kernel` for options that cannot be right, `device-lost`, `tfjs-internals` for a TensorFlow.js whose inside
 * has moved.
 */
export async function accelerate(model: Accelerable, options: AccelerateOptions = {}): Promise<Acceleration> {
  const all = { ...ACCELERATE_DEFAULTS, ...options };
  checkOptions(all);
  requireBackend('webgpu', 'accelerate()');
  const weights = weightsOf(model);
  const session = await openSession(tf.backend());
  try {
    return connect(session, await Promise.all(weights.map((weight) => prepare(session, weight, all))));
  } catch (error) {
    closeSession(session);
    throw error;
  }
}

function checkOptions({ minSparsity, unstructuredFrom, kernel }: Required<AccelerateOptions>): void {
  checkMinSparsity(minSparsity);
  if (!(unstructuredFrom >= 0 && unstructuredFrom <= 1)) {
    const found = String(unstructuredFrom);
    throw new UsageError('unstructured-from', `unstructuredFrom must be between 0 and 1, got ${found}`, {
      wanted: '0 to 1',
      found,
    });
  }
  if (KERNELS.includes(kernel)) return;
  const wanted = `one of ${KERNELS.join(', ')}`;
  throw new UsageError('kernel', `kernel must be ${wanted}, got '${kernel}'`, { wanted, found: String(kernel) });
}

async function prepare(
  session: Session,
  { id, tensor }: Weight,
  { minSparsity, ...options }: KernelOptions & { readonly minSparsity: number },
): Promise<Prepared<AcceleratedWeight>> {
  const { dataId, shape } = tensor;
  const values = (await tensor.data()) as Float32Array;
  const pattern = patternOf(values, shape.at(-1)!);
  const sparsity = sparsityOf(pattern);
  const known = { id, tensor, dataId, sparsity };
  const reason = leftAlone(pattern.finite, sparsity, minSparsity);
  if (reason !== undefined) return { ...known, reason };
  // What else happened while the values came is left to the tensor's state.
  if (tensor.isDisposed) return { ...known, reason: 'is disposed' };
  return { ...known, accelerated: session.add(dataId, values, pattern, options) };
}

function connect(session: Session, prepared: readonly Prepared<AcceleratedWeight>[]): Acceleration {
  const acceleration = accelerationOf(prepared, {
    find: session.find,
    remove: session.remove,
    choiceOf: ({ choice }) => choice && { kernel: choice.format?.name ?? 'stock', reason: choice.reason },
    ended: () => (session.lost === undefined ? undefined : `the device is lost (${session.lost})`),
    close: () => closeSession(session),
  });
  return Object.assign(acceleration, { clock: clockKind(session.gpu), ready: () => session.idle() });
}

const clockKind = ({ device }: Gpu): Acceleration['clock'] =>
  device.features.has('timestamp-query') ? 'timestamps' : 'wall';
