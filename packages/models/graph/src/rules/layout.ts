import { say } from '../notes.js';
import { sizeOf } from '@espalier/core';
import type { Labels } from '../channels.js';
import { axisOf, type Dim, product, type Shape } from '../shape.js';
import { flowOf, refuse, type Rule, type NodeVisit, type ChannelRecorder } from '../trace.js';
import { fixedInts, type Int, intsOf, sizeInt } from '../values.js';

/** The sizes of a reshape's result, its −1 worked out. */
function targetOf(from: Shape, ints: readonly Int[]): Dim[] {
  // Zero keeps nothing here: TensorFlow has no such shorthand.
  const out = ints.map(({ value }): Dim => (value === -1 ? null : value));
  const open = out.flatMap((size, i) => (size === null ? [i] : []));
  if (open.length === 1 && from) {
    const all = product(from);
    const known = product(out.filter((size) => size !== null));
    if (all !== null && known !== null && known !== 0 && all % known === 0) out[open[0]] = all / known;
  } else if (open.length > 1 && from?.[0] === -1 && ints[0].value === null) out[0] = -1;
  return out;
}

/** Labels tell more than this many entries apart only in freak graphs. */
const MOST = 1 << 24;

/**
 * Where the channels lie after a row-major reshape, if along one axis again. Flat index f had label
 * (f / inner) mod channels; an axis of size s with `after` entries behind it has coordinate (f / after) mod s.
 */
export function refold(
  labels: Labels,
  inner: number,
  to: readonly Dim[],
): { axis: number; labels: Labels } | undefined {
  const period = labels.length * inner;
  for (let axis = to.length - 1, after = 1; axis >= 0; axis--) {
    const size = to[axis];
    if (size === null || size < 0) return undefined;
    const span = size * after;
    const common = (period * span) / greatest(period, span);
    if (size > 1 && span > 0 && common <= MOST) {
      const found = coordinates(labels, inner, { size, after, common });
      if (found) return { axis, labels: found };
    }
    after = span;
  }
  return undefined;
}

function coordinates(labels: Labels, inner: number, axis: { size: number; after: number; common: number }) {
  const { size, after, common } = axis;
  const out = new Int32Array(size).fill(-2);
  for (let f = 0; f < common; f++) {
    const label = labels[Math.floor(f / inner) % labels.length];
    const at = Math.floor(f / after) % size;
    if (out[at] === -2) out[at] = label;
    else if (out[at] !== label) return undefined;
  }
  return out.includes(-2) ? undefined : out;
}

const greatest = (a: number, b: number): number => (b === 0 ? a : greatest(b, a % b));

export const reshape: Rule = (step, trace) => {
  const [x, target] = step.inputs;
  if (!target?.ints) return refuse(step, trace, say('shape-at-run'));
  const shape = targetOf(x.shape, target.ints);
  const { flow } = x;
  if (!flow) trace.pin(target, say('counted', { what: step.label }));
  if (!flow) return [{ shape, ints: shape.length <= 1 ? x.ints : undefined }];
  const inner = x.shape && product(x.shape.slice(flow.axis + 1));
  const found = inner !== null && inner > 0 ? refold(flow.labels, inner, shape) : undefined;
  const lost = say('lays-out');
  if (!found) {
    return refuse(step, trace, lost, shape);
  }
  const labels = followed(step, trace, flow.labels, found);
  return labels ? [{ shape, flow: { axis: found.axis, labels } }] : [{ shape }];
};

/** Makes the target's size follow the channels. */
function followed(
  step: NodeVisit,
  trace: ChannelRecorder,
  from: Labels,
  to: { axis: number; labels: Labels },
): Labels | undefined {
  const ints = step.inputs[1].ints!;
  const labels = trace.channels.same(from, to.labels) ? from : trace.channels.sequence(to.labels);
  for (const [i, { counts }] of ints.entries()) {
    if (counts && i !== to.axis) trace.channels.pin(counts, say('counted', { what: step.label }));
  }
  const { value, counts } = ints[to.axis];
  // An open size works itself out, and so does one that is counted.
  if (value === -1) return labels;
  if (counts && trace.channels.same(counts, to.labels)) return labels;
  if (counts) trace.channels.pin(counts, say('counted', { what: step.label }));
  const others = ints.some((int, i) => i !== to.axis && int.value === -1);
  if (value === null || !trace.canSet(step, 1, !others)) {
    trace.channels.pin(from, say('feeds', { what: step.label, why: say('shape-at-run') }));
    return undefined;
  }
  trace.edit((rewriter) => {
    const left = rewriter.count(labels);
    if (left === labels.length) return;
    rewriter.setInts(
      step.node.name,
      1,
      ints.map((int, i) => (i === to.axis ? { value: left } : int)),
    );
  });
  return labels;
}

export const transpose: Rule = (step, trace) => {
  const [x, order] = step.inputs;
  const perm = fixedInts(order);
  if (!perm || !x.shape || perm.length !== x.shape.length) return refuse(step, trace, say('order-unknown'));
  const shape = perm.map((axis) => x.shape![axis]);
  if (!x.flow) return [{ shape }];
  return [{ shape, flow: flowOf(perm.indexOf(x.flow.axis), x.flow.labels) }];
};

export const expandDims: Rule = (step, trace) => {
  const [x, at] = step.inputs;
  const dims = fixedInts(at);
  if (!x.shape || dims?.length !== 1) return refuse(step, trace, say('axis-unknown'));
  const axis = axisOf(dims[0], x.shape.length + 1);
  if (axis === undefined) return refuse(step, trace, say('axis-outside'));
  const shape = [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)];
  const flow = x.flow && flowOf(x.flow.axis + (axis <= x.flow.axis ? 1 : 0), x.flow.labels);
  return [{ shape, flow, ints: x.ints }];
};

export const squeeze: Rule = (step, trace) => {
  const [x] = step.inputs;
  const { attributes } = step.node;
  const asked = [...attributes.numbers('squeeze_dims'), ...attributes.numbers('axis')];
  if (!x.shape) return refuse(step, trace, say('input-unknown'));
  const { shape } = x;
  if (asked.length === 0 && shape.some((size) => size === null)) return refuse(step, trace, say('axes-unknown'));
  const gone = (asked.length > 0 ? asked : shape.flatMap((size, i) => (size === 1 ? [i] : []))).map((axis) =>
    axisOf(axis, shape.length),
  );
  const out = shape.filter((_, i) => !gone.includes(i));
  if (!x.flow) return [{ shape: out, ints: x.ints }];
  if (gone.includes(x.flow.axis)) {
    trace.pin(x, say('feeds', { what: step.label, why: say('drops-axis') }));
    return [{ shape: out }];
  }
  const before = gone.filter((axis) => axis !== undefined && axis < x.flow!.axis).length;
  return [{ shape: out, flow: flowOf(x.flow.axis - before, x.flow.labels) }];
};

/** Shape, and Size and Rank, which only count. */
export const shapeOf: Rule = ({ inputs: [x] }) => {
  if (!x.shape) return [{ shape: [null] }];
  const ints = x.shape.map((size, i) => sizeInt(size, x.flow?.axis === i ? x.flow.labels : undefined));
  return [{ shape: [ints.length], ints }];
};

export const rankOf: Rule = ({ inputs: [x] }) => [{ shape: [], ...(x.shape && { ints: intsOf([x.shape.length]) }) }];

export const countOf: Rule = (step, trace) => {
  const [x] = step.inputs;
  if (x.flow) trace.pin(x, say('counted', { what: step.label }));
  return [{ shape: [], ints: [sizeInt(x.shape && product(x.shape))] }];
};

/** Resizing of images, channels last. */
export const resize: Rule = (step, trace) => {
  const [x, size] = step.inputs;
  if (x.flow && x.flow.axis !== 3) return refuse(step, trace, say('resizes-axis'));
  const [height, width] = size?.ints?.length === 2 ? size.ints.map(({ value }) => value) : [null, null];
  trace.pin(size ?? { shape: null }, say('counted', { what: step.label }));
  return [{ shape: x.shape && [x.shape[0], height, width, x.shape[3]], flow: x.flow }];
};

/** SpaceToBatchND and BatchToSpaceND, which dilated convolutions are made of: positions move to the batch and back. */
export function spaceBatch(back: boolean): Rule {
  return (step, trace) => {
    const [x, blocks, around] = step.inputs;
    const [block, edges] = [fixedInts(blocks), fixedInts(around)];
    if (!block || !edges || !x.shape || x.shape.length <= block.length)
      return refuse(step, trace, say('blocks-unknown'));
    if (x.flow && x.flow.axis <= block.length) return refuse(step, trace, say('moves-axis'));
    const all = sizeOf(block);
    const scale = (size: Dim, by: number): Dim => (size === null || !Number.isInteger(size * by) ? null : size * by);
    const shape = x.shape.map((size, axis): Dim => {
      if (axis === 0) return scale(size, back ? 1 / all : all);
      if (axis > block.length || size === null || size < 0) return axis > block.length ? size : null;
      const margin = edges[2 * axis - 2] + edges[2 * axis - 1];
      return back ? size * block[axis - 1] - margin : scale(size + margin, 1 / block[axis - 1]);
    });
    return [{ shape, flow: x.flow }];
  };
}
