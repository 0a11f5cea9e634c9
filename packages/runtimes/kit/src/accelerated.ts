import type { AcceleratedLayer, Acceleration } from './acceleration.js';
import type { Owned } from './sessions.js';
import type { Weight } from './weights.js';

/** A weight that `accelerate()` has looked at. */
export interface Prepared<W> extends Weight {
  readonly sparsity: number;
  /** Of the tensor as it was then. */
  readonly dataId: object;
  /** Absent = it is left alone, for `reason`. */
  readonly accelerated?: W;
  readonly reason?: string;
}

type Ran = Pick<AcceleratedLayer, 'kernel' | 'reason'>;

export interface Runs<W> extends Pick<Owned<W>, 'find' | 'remove'> {
  /** What a weight runs on; undefined = it has not run. */
  choiceOf(weight: W): Ran | undefined;
  /** Why none of them runs any more. */
  ended?(): string | undefined;
  close(): void;
}

/** Makes what `accelerate()` gives back from the weights that it has looked at. */
export function accelerationOf<W>(prepared: readonly Prepared<W>[], runs: Runs<W>): Acceleration {
  let open = true;
  return {
    get layers() {
      return prepared.map((weight) => ({
        id: weight.id,
        sparsity: weight.sparsity,
        ...(open ? stateOf(weight, runs) : stock('the acceleration is disposed')),
      }));
    },
    dispose() {
      if (!open) return;
      open = false;
      for (const { dataId, accelerated } of prepared) {
        if (accelerated && runs.find(dataId) === accelerated) runs.remove(dataId);
      }
      runs.close();
    },
  };
}

const stock = (reason: string): Ran => ({ kernel: 'stock', reason });

function stateOf<W>({ tensor, dataId, accelerated, reason }: Prepared<W>, runs: Runs<W>): Ran {
  const ended = runs.ended?.();
  if (ended !== undefined) return stock(ended);
  if (tensor.isDisposed) return stock('is disposed');
  if (tensor.dataId !== dataId) return stock('was assigned to since; call accelerate() again');
  if (!accelerated) return stock(reason!);
  if (runs.find(dataId) !== accelerated) return stock('was moved to another backend; call accelerate() again');
  return runs.choiceOf(accelerated) ?? stock('no convolution or matrix product has used it yet');
}
