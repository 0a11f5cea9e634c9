import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { race } from '../accelerate/race.js';
import type { Session } from '../accelerate/session.js';
import type { Inputs, Model, Result } from './model.js';
import { build, type Program } from './program.js';
import { trace, Untraceable } from './trace.js';

/** The model keeps its place unless compiling makes it quicker by more than this. */
const MARGIN = 0.04;

/** The largest difference from the model's own results, against their largest value. */
const TOLERANCE = 1e-4;

/** Traces the model, and checks what was made of it against another run: a model that draws random numbers gives other results then. */
export function write(model: Model, { heap }: Session, inputs: readonly tf.Tensor[], x: Inputs): Program {
  const names = model.names();
  const traced = trace(
    heap.backend,
    inputs,
    (dataId) => names.get(dataId),
    () => model.run(x),
    (result) => model.outputs(result),
  );
  release(model, traced.result, inputs);
  const program = build(heap, traced.trace);
  try {
    const got = program.run(inputs);
    const wanted = model.run(x);
    const difference = differenceOf(got, model.outputs(wanted), heap.backend);
    release(model, wanted, inputs);
    for (const { dataId } of got) heap.backend.disposeData(dataId);
    // NaN is no small difference either.
    if (!(difference <= TOLERANCE))
      throw new Untraceable(`compiled, its results differ by ${difference.toPrecision(2)}`);
    return program;
  } catch (error) {
    program.dispose();
    throw error;
  }
}

/** Times a program against its model. */
export function compare(
  model: Model,
  { heap: { backend } }: Session,
  program: Program,
  inputs: readonly tf.Tensor[],
  x: Inputs,
): { winner: 'stock' | 'compiled'; reason: string } {
  const { winner, times } = race<'stock' | 'compiled'>(
    [
      { of: 'stock', run: () => release(model, model.run(x), inputs) },
      { of: 'compiled', run: () => program.run(inputs).forEach(({ dataId }) => backend.disposeData(dataId)) },
    ],
    MARGIN,
  );
  const ratio = (times.get('stock')! / times.get('compiled')!).toFixed(2);
  return { winner, reason: `compiled, it ran ${ratio}× as fast as by itself` };
}

/** Disposes what a model gave, but for inputs that it passed on. */
function release(model: Model, result: Result, inputs: readonly tf.Tensor[]): void {
  tf.dispose(model.outputs(result).filter((output) => !inputs.includes(output)));
}

/** The largest difference over all outputs, each against its largest finite value. */
function differenceOf(got: readonly tf.TensorInfo[], wanted: readonly tf.Tensor[], backend: BackendWasm): number {
  const worst = got.map((info, i) => {
    const [a, b] = [info, wanted[i]].map((one) => backend.typedArrayFromHeap(one));
    let [difference, largest] = [0, 0];
    for (let j = 0; j < a.length; j++) {
      if (Number.isFinite(b[j])) largest = Math.max(largest, Math.abs(b[j]));
      // The same infinity, or both not a number.
      if (a[j] === b[j] || Object.is(a[j], b[j])) continue;
      const apart = Math.abs(a[j] - b[j]);
      difference = apart > difference || Number.isNaN(apart) ? apart : difference;
    }
    return difference === 0 ? 0 : difference / largest;
  });
  return worst.reduce((max, v) => (v > max || Number.isNaN(v) ? v : max), 0);
}
