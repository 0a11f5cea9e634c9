import { AFTER, type After, type Curve, LINEAR } from '../kernels/activation.js';
import type { Combination, Operation } from './operation.js';
import { filled, perChannel, prelu, type Reader, type Rule, same } from './reader.js';
import type { Use } from './trace.js';

function batchNorm(kernel: Reader): Operation | undefined {
  const x = kernel.varying('x');
  const [mean, variance] = [kernel.constant('mean'), kernel.constant('variance')];
  const channels = x?.shape.at(-1);
  if (!x || !mean || !variance || mean.length !== channels || variance.length !== channels) return undefined;
  const [gamma, beta] = [kernel.constant('scale'), kernel.constant('offset')];
  if ((kernel.given('scale') && gamma?.length !== channels) || (kernel.given('offset') && beta?.length !== channels)) {
    return undefined;
  }
  const epsilon = kernel.attrs.varianceEpsilon as number;
  const scale = mean.map((_, c) => (gamma ? gamma[c] : 1) / Math.sqrt(variance[c] + epsilon));
  const shift = mean.map((m, c) => (beta ? beta[c] : 0) - m * scale[c]);
  return affine(kernel, x, scale, shift);
}

const affine = (
  { name, output }: Reader,
  x: Use,
  scale: Float32Array,
  shift: Float32Array,
  after: After = LINEAR,
): Operation => ({ kind: 'affine', name, output, x, scale, shift, after });

function binary(of: Combination): Rule {
  return (kernel) => {
    const { name, output, shape } = kernel;
    const [a, b] = [kernel.varying('a'), kernel.varying('b')];
    if (!kernel.floats) return undefined;
    if (a && b) {
      if (same(a.shape, b.shape)) return { kind: 'combine', of, name, output, a, b, after: LINEAR };
      if (of !== 'mul') return undefined;
      const [x, factors] = same(a.shape, shape) ? [a, b] : [b, a];
      return isPerImage(factors.shape, x.shape) && same(x.shape, shape)
        ? { kind: 'scale', name, output, x, factors }
        : undefined;
    }
    const [x, constant] = a ? [a, 'b'] : [b, 'a'];
    const channels = shape.at(-1) ?? 1;
    const each = x && perChannel(kernel, constant, channels);
    if (!each || !same(x.shape, shape)) return undefined;
    const [zeros, ones] = [filled(channels, 0), filled(channels, 1)];
    const swapped = constant === 'a';
    switch (of) {
      case 'add':
        return affine(kernel, x, ones, each);
      case 'sub':
        return swapped
          ? affine(kernel, x, filled(channels, -1), each)
          : affine(
              kernel,
              x,
              ones,
              each.map((v) => -v),
            );
      case 'mul':
        return affine(kernel, x, each, zeros);
      case 'div':
        return swapped
          ? undefined
          : affine(
              kernel,
              x,
              each.map((v) => 1 / v),
              zeros,
            );
      default: {
        if (kernel.constant(constant)!.length !== 1) return undefined;
        return pointwise(kernel, x, { ...LINEAR, [of === 'max' ? 'low' : 'high']: each[0] });
      }
    }
  };
}

/** [batch, 1, …, 1, channels] against [batch, …, channels]. */
const isPerImage = (factors: readonly number[], x: readonly number[]) =>
  factors.length === x.length &&
  x.length > 2 &&
  factors.every((size, axis) => size === (axis === 0 || axis === x.length - 1 ? x[axis] : 1));

/** A function of each value by itself. */
function pointwise(kernel: Reader, x: Use | undefined, after: After | undefined): Operation | undefined {
  if (!x || !after || !kernel.floats) return undefined;
  const channels = x.shape.at(-1) ?? 1;
  return affine(kernel, x, filled(channels, 1), filled(channels, 0), after);
}

const unary =
  (after: (kernel: Reader, channels: number) => After | undefined): Rule =>
  (kernel) => {
    const x = kernel.varying('x');
    return x && pointwise(kernel, x, after(kernel, x.shape.at(-1) ?? 1));
  };
const curve = (name: Curve) => unary(() => ({ ...LINEAR, curve: name }));

function sum(kernel: Reader): Operation | undefined {
  const [a, b, ...others] = kernel.all();
  const { name, output } = kernel;
  if (!a || !b || others.length > 0 || !same(a.shape, b.shape)) return undefined;
  const known = [a, b].every((use) => kernel.isFloat(use) && kernel.varies(use));
  return known ? { kind: 'combine', of: 'add', name, output, a, b, after: LINEAR } : undefined;
}

/** Functions of each value by itself, or of two values at the same place. */
export const POINTWISE: Readonly<Record<string, Rule>> = {
  FusedBatchNorm: batchNorm,
  Add: binary('add'),
  AddN: sum,
  Sub: binary('sub'),
  Multiply: binary('mul'),
  RealDiv: binary('div'),
  Maximum: binary('max'),
  Minimum: binary('min'),
  Relu: unary(() => AFTER.relu),
  Relu6: unary(() => AFTER.relu6),
  ClipByValue: unary(({ attrs }) => ({ low: attrs.clipValueMin as number, high: attrs.clipValueMax as number })),
  LeakyRelu: unary(({ attrs }, channels) => prelu(filled(channels, attrs.alpha as number))),
  Prelu: unary((kernel, channels) => prelu(perChannel(kernel, 'alpha', channels))),
  Elu: curve('elu'),
  Sigmoid: curve('sigmoid'),
  Tanh: curve('tanh'),
};
