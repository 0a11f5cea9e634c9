import { UsageError } from '@espalier/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A weight of a tf.LayersModel. */
interface LayerVariable {
  /** As the layer named it; `name` has a number behind it where another model has the same. */
  readonly originalName: string;
  read(): Tensor;
}

/** What has weights: a tf.LayersModel, a tf.GraphModel, or tensors by name. */
export interface Accelerable {
  readonly weights: readonly LayerVariable[] | Readonly<Record<string, Tensor | readonly Tensor[]>>;
}

/** A kernel of a convolution or a dense layer, which may be assigned to or disposed. */
export interface Weight {
  readonly id: string;
  readonly tensor: Tensor;
}

/**
 * A function that lists all weights as they are now. It throws a UsageError with code 'disposed' where one is gone.
 *
 * @throws UsageError `no-weights` for something that is no model.
 */
export function weightReader({ weights }: Accelerable, who: string): () => Weight[] {
  if (typeof weights !== 'object' || weights === null) {
    throw new UsageError('no-weights', `${who} needs a model or { weights }, got neither`, {
      wanted: 'tf.LayersModel, tf.GraphModel or { weights: { name: tensor } }',
    });
  }
  const read: (() => Weight)[] = Array.isArray(weights)
    ? (weights as readonly LayerVariable[]).map((variable) => () => ({
        id: variable.originalName,
        tensor: readVariable(variable, who),
      }))
    : Object.entries(weights).flatMap(([id, value]) =>
        [value].flat().map((tensor, i) => () => ({ id: i === 0 ? id : `${id}:${i}`, tensor: tensor as Tensor })),
      );
  return () =>
    read.map((one) => {
      const weight = one();
      if (weight.tensor.isDisposed) throw disposed(weight.id, who);
      return weight;
    });
}

/** Everything that could be the kernel of a convolution or a dense layer, once each: float32, of rank 2 or 4. */
export function weightsOf(model: Accelerable): Weight[] {
  const seen = new Set<object>();
  return weightReader(model, 'accelerate()')().filter(({ tensor: { dtype, rank, size, dataId } }) => {
    if (dtype !== 'float32' || (rank !== 2 && rank !== 4) || size === 0 || seen.has(dataId)) return false;
    seen.add(dataId);
    return true;
  });
}

function readVariable(variable: LayerVariable, who: string): Tensor {
  try {
    return variable.read();
  } catch (cause) {
    throw disposed(variable.originalName, who, cause);
  }
}

const disposed = (id: string, who: string, cause?: unknown) =>
  new UsageError('disposed', `'${id}' is disposed: ${who} needs a model whose weights are there`, {
    where: id,
    wanted: 'a model that is not disposed',
    found: 'a disposed tensor',
    cause,
  });
