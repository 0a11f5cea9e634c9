import { backend_util } from '@tensorflow/tfjs-core';
import { geometryOf } from '@espalier/kernels-kit';
import type { Operation } from './operation.js';
import { type Reader, type Rule, same } from './reader.js';

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
    return { kind: 'pool', of, name, output, x, geometry: geometryOf(info) };
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
  const xs = kernel.all().filter(({ shape }) => !shape.includes(0));
  const { name, output, shape } = kernel;
  const axis = kernel.attrs.axis as number;
  if ((axis < 0 ? axis + shape.length : axis) !== shape.length - 1 || shape.length < 2) return undefined;
  const known = xs.length > 0 && xs.every((use) => kernel.isFloat(use) && kernel.varies(use));
  return known ? { kind: 'concatenate', name, output, xs } : undefined;
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

/** Pooling, and what lays images side by side or puts zeros around them. */
export const IMAGES: Readonly<Record<string, Rule>> = {
  MaxPool: pool('max'),
  AvgPool: pool('mean'),
  Mean: globalPool('mean', 'axis'),
  Max: globalPool('max', 'reductionIndices'),
  Concat: concatenate,
  PadV2: pad,
};
