import { outAxisOf, type Param, sizeOf } from '@espalier/core';

/** The whole blocks of a kernel: block b is the entries `first[b] + within[k]`, in the order of their first entries. */
export interface Grid {
  readonly first: Int32Array;
  readonly within: Int32Array;
  /** Entries past the last whole block, of outputs and of inputs. */
  readonly rest: { readonly outputs: number; readonly inputs: number };
}

/** Cuts a kernel into blocks of `outputs` × `inputs` neighbours; each kernel position has blocks of its own. */
export function gridOf(param: Param, outputs: number, inputs: number): Grid {
  const { shape, inAxis } = param;
  const outAxis = outAxisOf(param);
  const steps = shape.map((_, axis) => (axis === outAxis ? outputs : axis === inAxis ? inputs : 1));
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const counts = shape.map((size, axis) => Math.floor(size / steps[axis]));
  const first = new Int32Array(sizeOf(counts));
  for (let b = 0; b < first.length; b++) {
    let left = b;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      first[b] += (left % counts[axis]) * steps[axis] * strides[axis];
      left = Math.floor(left / counts[axis]);
    }
  }
  const within = Int32Array.from({ length: outputs * inputs }, (_, k) => {
    return (k % outputs) * strides[outAxis] + Math.floor(k / outputs) * strides[inAxis];
  });
  return { first, within, rest: { outputs: shape[outAxis] % outputs, inputs: shape[inAxis] % inputs } };
}
