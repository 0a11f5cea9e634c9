import { backend_util, type NamedAttrMap, util } from '@tensorflow/tfjs-core';
import { type Geometry, product } from '../sparse/geometry.js';
import { type After, type Combination, type Curve, LINEAR, type Operation } from './operation.js';
import type { KernelRun, Trace, Use, Value } from './trace.js';

/** A trace's kernels as operations over planes where one is known, as they are elsewhere. */
export function recognise({ values, runs }: Trace): Operation[] {
  return runs.map((run) => {
    const read = RULES[run.kernel]?.(new Reader(run, values));
    return read ?? foreign(run, values);
  });
}

const foreign = (run: KernelRun, values: readonly Value[]): Operation => ({
  kind: 'foreign',
  name: nameOf(run.kernel, run.inputs, values),
  ...run,
});

function nameOf(kernel: string, inputs: KernelRun['inputs'], values: readonly Value[]): string {
  const weights = Object.values(inputs).flatMap((use) => (use && values[use.value].weight) ?? []);
  return weights[0] ?? kernel;
}

/** One kernel's inputs and attributes, for a rule to look at. */
class Reader {
  readonly attrs: NamedAttrMap;
  readonly output: number;
  readonly name: string;
  constructor(
    private readonly run: KernelRun,
    private readonly values: readonly Value[],
  ) {
    this.attrs = run.attrs;
    this.output = run.outputs[0];
    this.name = nameOf(run.kernel, run.inputs, values);
  }
  get shape(): readonly number[] {
    return this.values[this.output].shape;
  }
  given(name: string): Use | undefined {
    return this.run.inputs[name];
  }
  all(): Use[] {
    return Object.values(this.run.inputs).filter((use) => use !== undefined);
  }
  /** A float32 input that depends on the model's. */
  varying(name: string): Use | undefined {
    const use = this.run.inputs[name];
    return use && !this.values[use.value].constant && this.isFloat(use) ? use : undefined;
  }
  constant(name: string): Float32Array | undefined {
    const use = this.run.inputs[name];
    const value = use && this.values[use.value];
    return value?.dtype === 'float32' ? (value.constant as Float32Array | undefined) : undefined;
  }
  varies(use: Use): boolean {
    return !this.values[use.value].constant;
  }
  isFloat = (use: Use) => this.values[use.value].dtype === 'float32';
  get floats(): boolean {
    return this.values[this.output].dtype === 'float32';
  }
}

type Rule = (kernel: Reader) => Operation | undefined;

const same = (a: readonly number[], b: readonly number[]) => util.arraysEqual([...a], [...b]);
const filled = (size: number, value: number) => new Float32Array(size).fill(value);

/** The activation of a fused kernel. */
function fused(kernel: Reader, channels: number): After | undefined {
  switch (kernel.attrs.activation ?? 'linear') {
    case 'linear':
      return LINEAR;
    case 'relu':
      return { ...LINEAR, low: 0 };
    case 'relu6':
      return { low: 0, high: 6 };
    case 'elu':
      return { ...LINEAR, curve: 'elu' };
    case 'sigmoid':
      return { ...LINEAR, curve: 'sigmoid' };
    case 'leakyrelu':
      return prelu(filled(channels, (kernel.attrs.leakyreluAlpha as number) ?? 0.2));
    case 'prelu': {
      const alpha = kernel.constant('preluActivationWeights');
      return alpha && slopes(alpha, kernel.given('preluActivationWeights')!.shape, channels);
    }
    default:
      return undefined;
  }
}

const prelu = (values: Float32Array): After => ({ ...LINEAR, curve: 'prelu', slopes: values });

/** One slope for all, or one for each channel of the last axis. */
function slopes(alpha: Float32Array, shape: readonly number[], channels: number): After | undefined {
  if (alpha.length === 1) return prelu(filled(channels, alpha[0]));
  return alpha.length === channels && shape.at(-1) === channels ? prelu(alpha) : undefined;
}

/** Missing → zeros; there, but not one for each channel → nothing. */
function biasOf(kernel: Reader, channels: number): Float32Array | undefined {
  if (!kernel.given('bias')) return filled(channels, 0);
  const bias = kernel.constant('bias');
  return bias?.length === channels ? bias : undefined;
}

function geometryOf(kernel: Reader, x: Use, depthwise: boolean): Geometry | undefined {
  const { attrs } = kernel;
  if ((attrs.dataFormat ?? 'NHWC') !== 'NHWC' || x.shape.length !== 4) return undefined;
  const filter = kernel.given('filter')!.shape;
  if (!depthwise && x.shape[3] !== filter[2]) return undefined; // Grouped.
  const info = backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    filter as [number, number, number, number],
    attrs.strides as number | [number, number],
    (attrs.dilations as number | [number, number] | null) ?? 1,
    attrs.pad as 'same',
    attrs.dimRoundingMode as 'floor' | undefined,
    depthwise,
  );
  return fromInfo(info);
}

const fromInfo = (info: backend_util.Conv2DInfo): Geometry => ({
  batch: info.batchSize,
  inHeight: info.inHeight,
  inWidth: info.inWidth,
  inChannels: info.inChannels,
  outHeight: info.outHeight,
  outWidth: info.outWidth,
  outChannels: info.outChannels,
  kernelHeight: info.filterHeight,
  kernelWidth: info.filterWidth,
  strideHeight: info.strideHeight,
  strideWidth: info.strideWidth,
  dilationHeight: info.dilationHeight,
  dilationWidth: info.dilationWidth,
  top: info.padInfo.top,
  left: info.padInfo.left,
});

function convolution(kernel: Reader): Operation | undefined {
  const x = kernel.varying('x');
  const weights = kernel.constant('filter');
  const geometry = x && weights && geometryOf(kernel, x, false);
  if (!geometry) return undefined;
  const after = fused(kernel, geometry.outChannels);
  const bias = biasOf(kernel, geometry.outChannels);
  const { name, output } = kernel;
  return after && bias && { kind: 'convolution', name, output, x, weights, bias, geometry, after };
}

function depthwise(kernel: Reader): Operation | undefined {
  const x = kernel.varying('x');
  const weights = kernel.constant('filter');
  const geometry = x && weights && geometryOf(kernel, x, true);
  if (!geometry) return undefined;
  const after = fused(kernel, geometry.outChannels);
  const bias = biasOf(kernel, geometry.outChannels);
  const { name, output } = kernel;
  return after && bias && { kind: 'depthwise', name, output, x, weights, bias, geometry, after };
}

function matrixProduct(kernel: Reader): Operation | undefined {
  const x = kernel.varying('a');
  const weights = kernel.constant('b');
  if (!x || !weights || kernel.attrs.transposeA || kernel.attrs.transposeB) return undefined;
  const shape = kernel.given('b')!.shape;
  const [inputs, outputs] = shape.slice(-2);
  // More leading axes than x has would be broadcast into the result's shape.
  if (weights.length !== inputs * outputs || shape.length > x.shape.length) return undefined;
  const after = fused(kernel, outputs);
  const bias = biasOf(kernel, outputs);
  const { name, output } = kernel;
  const geometry = product(util.sizeFromShape(x.shape.slice(0, -1)), inputs, outputs);
  return after && bias && { kind: 'product', name, output, x, weights, bias, geometry, after };
}

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

const affine = ({ name, output }: Reader, x: Use, scale: Float32Array, shift: Float32Array): Operation => ({
  kind: 'affine',
  name,
  output,
  x,
  scale,
  shift,
  after: LINEAR,
});

/** A constant that is the same everywhere, or one value for each place of the last axis. */
function perChannel(values: Float32Array, shape: readonly number[], channels: number): Float32Array | undefined {
  if (values.length === 1) return filled(channels, values[0]);
  return values.length === channels && shape.at(-1) === channels ? values : undefined;
}

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
    const values = x && kernel.constant(constant);
    if (!x || !values || !same(x.shape, shape)) return undefined;
    const channels = shape.at(-1) ?? 1;
    const each = perChannel(values, kernel.given(constant)!.shape, channels);
    if (!each) return undefined;
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
        if (values.length !== 1) return undefined;
        return pointwise(kernel, x, of === 'max' ? { ...LINEAR, low: values[0] } : { ...LINEAR, high: values[0] });
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
  const { name, output } = kernel;
  return { kind: 'affine', name, output, x, scale: filled(channels, 1), shift: filled(channels, 0), after };
}

const unary =
  (after: (kernel: Reader, channels: number) => After | undefined): Rule =>
  (kernel) => {
    const x = kernel.varying('x');
    return x && pointwise(kernel, x, after(kernel, x.shape.at(-1) ?? 1));
  };
const curve = (name: Curve) => unary(() => ({ ...LINEAR, curve: name }));

function pool(of: 'max' | 'mean'): Rule {
  return (kernel) => {
    const x = kernel.varying('x');
    const { name, output, attrs } = kernel;
    if (!x || x.shape.length !== 4) return undefined;
    const info = backend_util.computePool2DInfo(
      x.shape as [number, number, number, number],
      attrs.filterSize as [number, number],
      attrs.strides as [number, number],
      1,
      attrs.pad as 'same',
      attrs.dimRoundingMode as 'floor' | undefined,
    );
    return { kind: 'pool', of, name, output, x, geometry: fromInfo(info) };
  };
}

function globalPool(of: 'max' | 'mean', axisName: string): Rule {
  return (kernel) => {
    const x = kernel.varying('x');
    const { name, output, attrs } = kernel;
    if (!x || x.shape.length !== 4) return undefined;
    const axes = [attrs[axisName] as number | number[]].flat().map((axis) => (axis < 0 ? axis + 4 : axis));
    return same(axes.sort(), [1, 2]) ? { kind: 'global-pool', of, name, output, x } : undefined;
  };
}

function concatenate(kernel: Reader): Operation | undefined {
  const xs = kernel.all().filter(({ shape }) => util.sizeFromShape([...shape]) > 0);
  const { name, output, shape } = kernel;
  const axis = kernel.attrs.axis as number;
  if ((axis < 0 ? axis + shape.length : axis) !== shape.length - 1 || shape.length < 2) return undefined;
  const known = xs.every((use) => kernel.isFloat(use) && kernel.varies(use));
  return known ? { kind: 'concatenate', name, output, xs } : undefined;
}

function sum(kernel: Reader): Operation | undefined {
  const [a, b, ...others] = kernel.all();
  const { name, output } = kernel;
  if (!a || !b || others.length > 0 || !same(a.shape, b.shape)) return undefined;
  const known = [a, b].every((use) => kernel.isFloat(use) && kernel.varies(use));
  return known ? { kind: 'combine', of: 'add', name, output, a, b, after: LINEAR } : undefined;
}

function pad(kernel: Reader): Operation | undefined {
  const x = kernel.varying('x');
  const { name, output, attrs, shape } = kernel;
  const paddings = attrs.paddings as [number, number][];
  if (!x || x.shape.length !== 4 || attrs.constantValue !== 0) return undefined;
  if (paddings[0].some((n) => n !== 0)) return undefined;
  const [top, left] = [paddings[1][0], paddings[2][0]];
  const [, height, width, channels] = shape;
  return { kind: 'pad', name, output, x, top, left, height, width, before: paddings[3][0], channels };
}

const RULES: Readonly<Record<string, Rule>> = {
  Conv2D: convolution,
  FusedConv2D: convolution,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2D: depthwise,
  BatchMatMul: matrixProduct,
  _FusedMatMul: matrixProduct,
  FusedBatchNorm: batchNorm,
  Add: binary('add'),
  AddN: sum,
  Sub: binary('sub'),
  Multiply: binary('mul'),
  RealDiv: binary('div'),
  Maximum: binary('max'),
  Minimum: binary('min'),
  Relu: unary(() => ({ ...LINEAR, low: 0 })),
  Relu6: unary(() => ({ low: 0, high: 6 })),
  ClipByValue: unary(({ attrs }) => ({ low: attrs.clipValueMin as number, high: attrs.clipValueMax as number })),
  LeakyRelu: unary(({ attrs }, channels) => prelu(filled(channels, attrs.alpha as number))),
  Prelu: unary((kernel, channels) => {
    const alpha = kernel.constant('alpha');
    return alpha && slopes(alpha, kernel.given('alpha')!.shape, channels);
  }),
  Elu: curve('elu'),
  Sigmoid: curve('sigmoid'),
  Tanh: curve('tanh'),
  MaxPool: pool('max'),
  AvgPool: pool('mean'),
  Mean: globalPool('mean', 'axis'),
  Max: globalPool('max', 'reductionIndices'),
  Concat: concatenate,
  PadV2: pad,
};
