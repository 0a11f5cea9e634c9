import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { override, wrapMethod } from '@espalier/kernels-kit';

/** Where a kernel reads a value: reshaped values share their data, so the shape is the reader's. */
export interface Use {
  readonly value: number;
  readonly shape: readonly number[];
}

export interface Value {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  /** A copy of its data, where it does not depend on the model's inputs. */
  readonly constant?: tf.TypedArray;
  /** The weight that it is. */
  readonly weight?: string;
}

/** One run of one kernel. */
export interface KernelRun {
  readonly kernel: string;
  readonly attrs: tf.NamedAttrMap;
  /** undefined = an optional input that is not there. */
  readonly inputs: Readonly<Record<string, Use | undefined>>;
  /** Its inputs are a list: Pack, AddN. */
  readonly listed: boolean;
  readonly outputs: readonly number[];
}

/** What a model did for inputs of one shape: straight-line code over values. */
export interface Trace {
  readonly values: readonly Value[];
  readonly runs: readonly KernelRun[];
  readonly inputs: readonly number[];
  readonly outputs: readonly Use[];
}

/** The message says why a model cannot be written down as a list of kernels; it is a clause. */
export class Untraceable extends Error {
  override readonly name = 'Untraceable';
}

/**
 * Runs a model once on the wasm backend and writes down every kernel it calls, with the data of all that does not depend on
 * the inputs. What is written down holds for inputs of these shapes, and only for a model whose kernels depend on nothing else.
 *
 * @throws Untraceable for a model that reads its values or uses strings.
 */
export function trace<T>(
  backend: BackendWasm,
  inputs: readonly tf.Tensor[],
  weightOf: (dataId: object) => string | undefined,
  run: () => T,
  outputsOf: (result: T) => readonly tf.Tensor[],
): { trace: Trace; result: T } {
  const values: Value[] = [];
  const runs: KernelRun[] = [];
  const known = new Map<object, number>();

  const add = (dataId: object, value: Value) => {
    known.set(dataId, values.length);
    return values.push(value) - 1;
  };
  const constant = (info: tf.TensorInfo) =>
    add(info.dataId, {
      ...checked(info),
      constant: backend.typedArrayFromHeap(info).slice(),
      weight: weightOf(info.dataId),
    });
  const use = (info: tf.TensorInfo | null | undefined): Use | undefined =>
    info ? { value: known.get(info.dataId) ?? constant(info), shape: info.shape } : undefined;

  function record(
    kernel: string,
    attrs: tf.NamedAttrMap,
    given: tf.NamedTensorInfoMap,
    results: tf.TensorInfo[],
  ): void {
    // Reshaped or passed on: the same data.
    if (results.every(({ dataId }) => known.has(dataId))) return;
    const { x } = given;
    if (PASSING.includes(kernel) && x?.dtype === results[0].dtype) {
      known.set(results[0].dataId, use(x)!.value);
      return;
    }
    const used = Object.fromEntries(Object.entries(given).map(([name, info]) => [name, use(info)]));
    const varies = Object.values(used).some((one) => one && !values[one.value].constant);
    const outputs = results.map((info) => (varies ? add(info.dataId, checked(info)) : constant(info)));
    if (varies) runs.push({ kernel, attrs: { ...attrs }, inputs: used, listed: Array.isArray(given), outputs });
  }

  const ids = inputs.map((tensor) => add(tensor.dataId, checked(tensor)));
  const undo = [
    ...tf.getKernelsForBackend('wasm').map(({ kernelName }) => hook(kernelName, record)),
    refuseReading(backend, (dataId) => known.has(dataId) && !values[known.get(dataId)!].constant),
  ];
  try {
    const result = run();
    const outputs = outputsOf(result).map((tensor) => use(tensor)!);
    return { trace: { values, runs, inputs: ids, outputs }, result };
  } finally {
    undo.reverse().forEach((back) => back());
  }
}

function checked({ shape, dtype }: tf.TensorInfo): Value {
  if (dtype === 'string' || dtype === 'complex64') throw new Untraceable(`it uses ${dtype} values`);
  return { shape, dtype };
}

/** Kernels that give what they were given, unless they change its type. */
const PASSING = ['Identity', 'Cast'];

type Recorder = (
  kernel: string,
  attrs: tf.NamedAttrMap,
  given: tf.NamedTensorInfoMap,
  results: tf.TensorInfo[],
) => void;

/** Kernels may call others: only the outermost counts. */
let depth = 0;

function hook(kernelName: string, record: Recorder): () => void {
  return override(kernelName, 'wasm', ({ inputs, attrs }, stock) => {
    depth++;
    let results: tf.TensorInfo | tf.TensorInfo[];
    try {
      results = stock();
    } finally {
      depth--;
    }
    if (depth === 0) record(kernelName, attrs ?? {}, inputs, [results].flat());
    return results as tf.TensorInfo;
  });
}

type Readers = Record<'readSync' | 'read', (dataId: object, ...rest: unknown[]) => unknown>;

/** A model that looks at its values may decide by them, and another input would take another way. */
function refuseReading(backend: BackendWasm, varies: (dataId: object) => boolean): () => void {
  const undo = (['readSync', 'read'] as const).map((name) =>
    wrapMethod(backend as Readers, name, (stock) => (dataId, ...rest) => {
      if (depth === 0 && varies(dataId)) throw new Untraceable('it reads values while it runs');
      return stock.call(backend, dataId, ...rest);
    }),
  );
  return () => undo.forEach((back) => back());
}
