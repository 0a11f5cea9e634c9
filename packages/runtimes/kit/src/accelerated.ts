import type { AcceleratedLayer, Acceleration } from './acceleration.js';
import type { OwnedLayers } from './sessions.js';
import type { Weight } from './weights.js';

/** A weight that `accelerate()` has looked at. */
export interface Prepared<L> extends Weight {
  readonly sparsity: number;
  /** Of the tensor as it was then. */
  readonly dataId: object;
  /** Absent = it is left alone, for `reason`. */
  readonly layer?: L;
  readonly reason?: string;
}

type Ran = Pick<AcceleratedLayer, 'kernel' | 'reason'>;

export interface Runs<L> extends Pick<OwnedLayers<L>, 'find' | 'remove'> {
  /** What a layer runs on; undefined = it has not run. */
  choiceOf(layer: L): Ran | undefined;
  /** Why none of them runs any more. */
  ended?(): string | undefined;
  close(): void;
}

/** What `accelerate()` gives back of weights that are prepared. */
export function accelerationOf<L>(prepared: readonly Prepared<L>[], runs: Runs<L>): Acceleration {
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
      for (const { dataId, layer } of prepared) if (layer && runs.find(dataId) === layer) runs.remove(dataId);
      runs.close();
    },
  };
}

const stock = (reason: string): Ran => ({ kernel: 'stock', reason });

function stateOf<L>({ tensor, dataId, layer, reason }: Prepared<L>, runs: Runs<L>): Ran {
  const ended = runs.ended?.();
  if (ended !== undefined) return stock(ended);
  if (tensor.isDisposed) return stock('is disposed');
  if (tensor.dataId !== dataId) return stock('was assigned to since; call accelerate() again');
  if (!layer) return stock(reason!);
  if (runs.find(dataId) !== layer) return stock('was moved to another backend; call accelerate() again');
  return runs.choiceOf(layer) ?? stock('no convolution or matrix product has used it yet');
}
