import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import type { Geometry } from '@espalier/kernels-kit';
import type { COMBINATIONS } from '../abi/jobs.js';
import type { After } from '../kernels/activation.js';
import type { Use } from './trace.js';

export type Combination = (typeof COMBINATIONS)[number];

interface Made {
  /** The value that it gives. */
  readonly output: number;
  /** The weight or the kernel, for people. */
  readonly name: string;
}

/** y = after(x · weights + bias + residual); a matrix product has one pixel a row. Weights [taps × inputs, outputs]. */
export interface Convolution extends Made {
  readonly kind: 'convolution' | 'product';
  readonly x: Use;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly geometry: Geometry;
  readonly after: After;
  readonly residual?: Use;
}

/** Weights [taps, channels, multiplier]. */
export interface Depthwise extends Made {
  readonly kind: 'depthwise';
  readonly x: Use;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** inChannels are the channels, outChannels the multiplier times as many. */
  readonly geometry: Geometry;
  readonly after: After;
}

/** The largest value of a window, or the mean of those that lie inside the image. */
export interface Pool extends Made {
  readonly kind: 'pool';
  readonly of: 'max' | 'mean';
  readonly x: Use;
  readonly geometry: Geometry;
}

/** Over all pixels of an image: [batch, h, w, channels] → [batch, channels]. */
export interface GlobalPool extends Made {
  readonly kind: 'global-pool';
  readonly of: 'max' | 'mean';
  readonly x: Use;
}

/** y = after(scale · x + shift), along the last axis. */
export interface Affine extends Made {
  readonly kind: 'affine';
  readonly x: Use;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  readonly after: After;
}

/** Two values of one shape. */
export interface Combine extends Made {
  readonly kind: 'combine';
  readonly of: Combination;
  readonly a: Use;
  readonly b: Use;
  readonly after: After;
}

/** x [batch, …, channels] times factors [batch, channels]. */
export interface Scale extends Made {
  readonly kind: 'scale';
  readonly x: Use;
  readonly factors: Use;
}

/** Along the last axis. */
export interface Concatenate extends Made {
  readonly kind: 'concatenate';
  readonly xs: readonly Use[];
}

/** Zeros around the pixels of [batch, h, w, channels], and before and behind their channels. */
export interface Pad extends Made {
  readonly kind: 'pad';
  readonly x: Use;
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  readonly before: number;
  readonly channels: number;
}

/** A kernel of TensorFlow.js as it is. */
export interface Foreign {
  readonly kind: 'foreign';
  readonly name: string;
  readonly kernel: string;
  readonly attrs: NamedAttrMap;
  readonly inputs: Readonly<Record<string, Use | undefined>>;
  readonly listed: boolean;
  readonly outputs: readonly number[];
}

export type Operation =
  Convolution | Depthwise | Pool | GlobalPool | Affine | Combine | Scale | Concatenate | Pad | Foreign;

export const outputsOf = (op: Operation): readonly number[] => (op.kind === 'foreign' ? op.outputs : [op.output]);

/** Everything that it reads, as often as it does. */
export function usesOf(op: Operation): Use[] {
  const uses: Use[] = [];
  replaceUses(op, (use) => {
    uses.push(use);
    return use;
  });
  return uses;
}

/** The same operation on other values. */
export function replaceUses(op: Operation, other: (use: Use) => Use): Operation {
  switch (op.kind) {
    case 'foreign': {
      const inputs = Object.entries(op.inputs).map(([name, use]) => [name, use && other(use)] as const);
      return { ...op, inputs: Object.fromEntries(inputs) };
    }
    case 'combine':
      return { ...op, a: other(op.a), b: other(op.b) };
    case 'scale':
      return { ...op, x: other(op.x), factors: other(op.factors) };
    case 'concatenate':
      return { ...op, xs: op.xs.map(other) };
    case 'convolution':
    case 'product':
      return { ...op, x: other(op.x), residual: op.residual && other(op.residual) };
    default:
      return { ...op, x: other(op.x) };
  }
}

/** Operations that end in a function of each value, to which another such function can be joined. */
export type Finishing = Convolution | Depthwise | Affine | Combine;

export const finishes = (op: Operation): op is Finishing =>
  op.kind === 'convolution' ||
  op.kind === 'product' ||
  op.kind === 'depthwise' ||
  op.kind === 'affine' ||
  op.kind === 'combine';

/** `next` applied to what `first` gives, as one, or nothing where two steps are needed. */
export function join(first: After, next: After): After | undefined {
  if (first.curve) return undefined;
  const clamp = (v: number) => Math.min(Math.max(v, next.low), next.high);
  return { low: clamp(first.low), high: clamp(first.high), curve: next.curve, slopes: next.slopes };
}

export const isLinear = ({ low, high, curve }: After) => low === -Infinity && high === Infinity && !curve;
