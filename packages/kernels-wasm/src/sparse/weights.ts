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

/** Everything that could be the kernel of a convolution or a dense layer, once each: float32, of rank 2 or 4. */
export function weightsOf({ weights }: Accelerable): Weight[] {
  if (typeof weights !== 'object' || weights === null) {
    throw new UsageError('no-weights', 'accelerate() needs a model or { weights }, got neither', {
      wanted: 'tf.LayersModel, tf.GraphModel or { weights: { name: tensor } }',
    });
  }
  const all = Array.isArray(weights)
    ? (weights as readonly LayerVariable[]).map((variable) => ({
        id: variable.originalName,
        tensor: readVariable(variable),
      }))
    : Object.entries(weights).flatMap(([id, value]) =>
        [value].flat().map((tensor, i) => ({ id: i === 0 ? id : `${id}:${i}`, tensor: tensor as Tensor })),
      );
  const seen = new Set<object>();
  return all.filter(({ id, tensor }) => {
    if (tensor.isDisposed) throw disposed(id);
    const { dtype, rank, size, dataId } = tensor;
    if (dtype !== 'float32' || (rank !== 2 && rank !== 4) || size === 0 || seen.has(dataId)) return false;
    seen.add(dataId);
    return true;
  });
}

function readVariable(variable: LayerVariable): Tensor {
  try {
    return variable.read();
  } catch (cause) {
    throw disposed(variable.originalName, cause);
  }
}

const disposed = (id: string, cause?: unknown) =>
  new UsageError('disposed', `'${id}' is disposed: accelerate() needs a model whose weights are there`, {
    where: id,
    wanted: 'a model that is not disposed',
    found: 'a disposed tensor',
    cause,
  });
