import { type Note } from '@espalier/core';
import { say } from '../notes.js';
import { channelAxis, fixedFlow, fixOthers, type Flow, type Rule, type LayerCall, withAxis } from '../flow.js';
import { product, type Shape } from '../tfjs.js';

/** What works on places and leaves channels alone: pooling, padding, cropping, resizing. */
export const places: Rule = (step) => {
  const [flow] = step.flows;
  const axis = channelAxis(step, step.inputs[0]);
  fixOthers(step, axis);
  const [out] = step.outputs;
  return [withAxis(fixedFlow(out, flow.from), channelAxis(step, out), flow.axes[axis])];
};

/** Pooling over all places leaves [batch, channels]. */
export const globalPooling: Rule = (step) => {
  const [flow] = step.flows;
  const axis = channelAxis(step, step.inputs[0]);
  fixOthers(step, axis);
  return [withAxis(fixedFlow(step.outputs[0], flow.from), 1, flow.axes[axis])];
};

/** [batch, channels] becomes [batch, n, channels]. */
export const repeatVector: Rule = ({ flows: [{ axes, from }] }) => [{ axes: [axes[0], undefined, axes[1]], from }];

export const permute: Rule = ({ config, flows: [{ axes, from }] }) => [
  { axes: [axes[0], ...(config.dims as number[]).map((axis) => axes[axis])], from },
];

export const flatten: Rule = (step) => {
  const [flow] = step.flows;
  const [shape] = step.inputs;
  if (step.config.dataFormat !== 'channelsFirst') return refold(step, flow, shape);
  const last = <T>([batch, channels, ...rest]: readonly T[]) => [batch, ...rest, channels];
  return refold(step, { ...flow, axes: last(flow.axes) }, last(shape));
};

export const reshape: Rule = (step) => {
  const out = refold(step, step.flows[0], step.inputs[0]);
  if ('text' in out) return out;
  const target = step.config.targetShape as Shape;
  for (const [axis, units] of out[0].axes.entries()) {
    const size = axis > 0 ? target[axis - 1] : null;
    // An open size works itself out.
    if (size !== null) step.size(['targetShape', axis - 1], units ?? size);
  }
  return out;
};

/** Entries that are compared one by one when it is worked out where units go. */
const MOST = 1 << 24;

/** An axis in row-major order: entry `place` of the tensor is at index ⌊place / inner⌋ mod size. */
interface Stretch {
  readonly axis: number;
  readonly size: number;
  readonly inner: number;
}

/**
 * The units after a row-major reshape. They lie along the axis at whose every index there is one unit only; the last one
 * of several. Where there is none, the units that share an index of the last axis go together from here on.
 */
function refold(step: LayerCall, flow: Flow, from: Shape): Flow[] | Note {
  const [to] = step.outputs;
  const out = fixedFlow(to, flow.from);
  const labelled = from.flatMap((_, axis) => (flow.axes[axis] ? [axis] : []));
  if (labelled.length === 0) return [out];
  const before = labelled.length === 1 ? stretchOf(from, labelled[0]) : undefined;
  const ways = to.flatMap((_, axis) => (axis > 0 && before ? (stretchOf(to, axis) ?? []) : []));
  let last: Regrouped | undefined;
  for (const way of ways.reverse()) {
    const found = regroup(step, flow.axes[labelled[0]]!, before!, way);
    if (found?.pairs.length === 0) return [withAxis(out, way.axis, found.units)];
    last ??= found;
  }
  if (!last) return say('lays-out');
  const [a, b] = [0, 1].map((side) => Int32Array.from(last.pairs, (pair) => pair[side]));
  step.units.unite(a, b);
  return [withAxis(out, last.axis, last.units)];
}

interface Regrouped {
  readonly axis: number;
  readonly units: Int32Array;
  /** Units that are at one index and are not together yet. */
  readonly pairs: readonly (readonly [number, number])[];
}

function regroup({ units: { root } }: LayerCall, units: Int32Array, from: Stretch, to: Stretch): Regrouped | undefined {
  const period = commonMultiple(from.inner * from.size, to.inner * to.size);
  if (period > MOST) return undefined;
  const first = new Int32Array(to.size).fill(-1);
  const pairs: [number, number][] = [];
  for (let place = 0; place < period; place++) {
    const unit = units[Math.floor(place / from.inner) % from.size];
    const index = Math.floor(place / to.inner) % to.size;
    if (first[index] < 0) first[index] = unit;
    else if (root(first[index]) !== root(unit)) pairs.push([first[index], unit]);
  }
  return { axis: to.axis, units: first, pairs };
}

function stretchOf(shape: Shape, axis: number): Stretch | undefined {
  const [size, inner] = [shape[axis], product(shape.slice(axis + 1))];
  return size === null || inner === null ? undefined : { axis, size, inner };
}

function commonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
