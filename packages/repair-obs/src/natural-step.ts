import type { Bits } from '@espalier/core';
import type { LayerHessian } from './hessians.js';
import { keptOf } from './layout.js';
import { padded, type Square } from './linear.js';

/**
 * The step δ of one kernel's survivors that the quadratic model gᵀδ + ½·δᵀ(H ⊗ G + λ·I)δ asks for, pruned weights held at zero:
 * conjugate gradients, preconditioned by the diagonal, `iterations` at most; stopping early dampens further.
 */
export function naturalStep(
  { layout, hessians }: Pick<LayerHessian, 'layout' | 'hessians'>,
  factors: readonly Square[],
  gradient: Float64Array,
  bits: Bits,
  { damping, iterations }: { readonly damping: number; readonly iterations: number },
): Float64Array {
  const { inputs, outputs } = layout;
  const step = new Float64Array(gradient.length);
  hessians.forEach((hessian, block) => {
    const factor = factors[block];
    const [h, g] = [padded(inputs), padded(outputs)];
    const kept = Array.from({ length: outputs }, (_, output) => keptOf(layout, bits, block, output));
    // Vectors lie output by output, so that a row of H meets its values side by side.
    const vector = () => new Float64Array(inputs * outputs);
    const each = (visit: (at: number, input: number, output: number) => void) =>
      kept.forEach((list, output) => list.forEach((input) => visit(output * inputs + input, input, output)));
    const mixed = vector();
    const multiply = (v: Float64Array, out: Float64Array) => {
      mixed.fill(0);
      kept.forEach((list, from) => {
        for (let to = 0; to < outputs; to++) {
          const weight = factor.values[from * g + to];
          if (weight !== 0) for (const input of list) mixed[to * inputs + input] += weight * v[from * inputs + input];
        }
      });
      each((at, input, output) => {
        let sum = damping * v[at];
        for (let i = 0, row = input * h, base = output * inputs; i < inputs; i++)
          sum += hessian.values[row + i] * mixed[base + i];
        out[at] = sum;
      });
    };
    const scale = vector();
    const residual = vector();
    each((at, input, output) => {
      scale[at] = 1 / (hessian.values[input * h + input] * factor.values[output * g + output] + damping);
      residual[at] = -gradient[layout.at(block, output, input)];
    });
    const found = conjugate(multiply, scale, residual, iterations);
    each((at, input, output) => (step[layout.at(block, output, input)] = found[at]));
  });
  return step;
}

/** Solves A·x = b from x = 0; `b` becomes the residual. */
function conjugate(
  multiply: (v: Float64Array, out: Float64Array) => void,
  scale: Float64Array,
  b: Float64Array,
  iterations: number,
): Float64Array {
  const x = new Float64Array(b.length);
  const product = new Float64Array(b.length);
  let z = b.map((v, i) => v * scale[i]);
  const direction = z.slice();
  let rz = dot(b, z);
  const first = rz;
  for (let i = 0; i < iterations && rz > 1e-8 * first; i++) {
    multiply(direction, product);
    const length = rz / dot(direction, product);
    for (let k = 0; k < x.length; k++) {
      x[k] += length * direction[k];
      b[k] -= length * product[k];
    }
    z = b.map((v, k) => v * scale[k]);
    const next = dot(b, z);
    const ratio = next / rz;
    rz = next;
    for (let k = 0; k < x.length; k++) direction[k] = z[k] + ratio * direction[k];
  }
  return x;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
