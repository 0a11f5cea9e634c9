import { say } from '../notes.js';
import type { Labels } from '../channels.js';
import { axisOf, type Dim } from '../shape.js';
import { refuse, type Rule, type NodeVisit, type ChannelRecorder } from '../trace.js';
import { fixedInts, type Int, type Value } from '../values.js';

/** Slice(x, begin, size). */
export const slice: Rule = (step, trace) => {
  const [x, begin, size] = step.inputs;
  const [from, long] = [begin?.ints, size?.ints];
  if (!x.shape || from?.length !== x.shape.length || long?.length !== from.length)
    return refuse(step, trace, say('bounds-unknown'));
  if (x.ints && x.shape.length === 1) return [sliceInts(x.ints, from[0].value, long[0].value)];
  const shape = x.shape.map((old, i): Dim => {
    const { value } = long[i];
    if (value !== -1) return value;
    return old === null || from[i].value === null ? null : old - from[i].value!;
  });
  const { flow } = x;
  if (!flow) return [{ shape }];
  const start = from[flow.axis].value;
  const { value } = long[flow.axis];
  const count = shape[flow.axis];
  if (start === 0 && value === -1) return [{ shape, flow }];
  if (start === null || count === null) return refuse(step, trace, say('bounds-unknown'));
  const labels = trace.channels.sequence(flow.labels.slice(start, start + count));
  if (labels.length !== count || count < 1) return refuse(step, trace, say('bounds-outside'));
  if ((start > 0 && !trace.canSet(step, 1)) || (value !== -1 && !trace.canSet(step, 2)))
    return refuse(step, trace, say('bounds-at-run'));
  const front = flow.labels.slice(0, start);
  trace.edit((rewriter) => {
    const [skipped, left] = [rewriter.count(front), rewriter.count(labels)];
    const put = (ints: readonly Int[], to: number) => ints.map((int, i) => (i === flow.axis ? { value: to } : int));
    if (skipped !== start) rewriter.setInts(step.node.name, 1, put(from, skipped));
    if (left !== count && value !== -1) rewriter.setInts(step.node.name, 2, put(long, left));
  });
  return [{ shape, flow: { axis: flow.axis, labels } }];
};

function sliceInts(ints: readonly Int[], from: number | null, size: number | null): Value {
  if (from === null || size === null) return { shape: [null] };
  const part = ints.slice(from, size === -1 ? undefined : from + size);
  return { shape: [part.length], ints: part };
}

/** One axis of a StridedSlice. */
interface Cut {
  /** Which entry of begin and end it is; undefined = the axis is taken whole. */
  readonly entry?: number;
  readonly kind: 'slice' | 'pick' | 'new';
}

/** Which entry of begin and end cuts which axis of x, the axes that are dropped or added among them. */
function cutsOf(step: NodeVisit, rank: number, entries: number): Cut[] | undefined {
  const mask = (name: string) => step.node.attributes.number(name, 0);
  const [ellipsis, fresh, dropped] = ['ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'].map(mask);
  const has = (bits: number, i: number) => (bits & (1 << i)) !== 0;
  const cuts: Cut[] = [];
  const own = Array.from({ length: entries }, (_, i) => i);
  const used = own.filter((i) => !has(ellipsis, i) && !has(fresh, i)).length;
  const whole = Array.from({ length: rank - used }, (): Cut => ({ kind: 'slice' }));
  if (used > rank) return undefined;
  for (const i of own) {
    if (has(ellipsis, i)) cuts.push(...whole);
    else cuts.push({ entry: i, kind: has(fresh, i) ? 'new' : has(dropped, i) ? 'pick' : 'slice' });
  }
  return ellipsis === 0 ? [...cuts, ...whole] : cuts;
}

/** Where a slice along an axis of `size` begins and ends, as NumPy counts; undefined where that is not known. */
function boundsOf(step: NodeVisit, entry: number, size: Dim): { from: number; to: number; stride: number } | undefined {
  const [, begin, end, strides] = step.inputs;
  const masked = (name: string) => (step.node.attributes.number(name, 0) & (1 << entry)) !== 0;
  const stride = strides?.ints ? strides.ints[entry]?.value : 1;
  if (stride !== 1 && (stride === null || stride === undefined || stride < 1)) return undefined;
  const whole = size !== null && size >= 0 ? size : undefined;
  const place = (value: number | null | undefined) => {
    if (value === null || value === undefined || whole === undefined) return undefined;
    return Math.min(Math.max(value < 0 ? value + whole : value, 0), whole);
  };
  const from = masked('begin_mask') ? 0 : place(begin.ints?.[entry]?.value);
  const to = masked('end_mask') ? whole : place(end.ints?.[entry]?.value);
  return from === undefined || to === undefined ? undefined : { from, to, stride };
}

/** StridedSlice(x, begin, end, strides), with all its masks. */
export const stridedSlice: Rule = (step, trace) => {
  const [x, begin] = step.inputs;
  const entries = begin?.ints?.length ?? begin?.shape?.[0];
  const cuts = x.shape && typeof entries === 'number' ? cutsOf(step, x.shape.length, entries) : undefined;
  if (!x.shape || !cuts) return refuse(step, trace, say('bounds-unknown'));
  const out: { size: Dim; axis?: number; labels?: Labels }[] = [];
  let axis = 0;
  for (const { entry, kind } of cuts) {
    if (kind === 'new') {
      out.push({ size: 1 });
      continue;
    }
    const size = x.shape[axis];
    const bounds = entry === undefined ? undefined : boundsOf(step, entry, size);
    if (x.flow?.axis === axis) {
      const labels = kind === 'pick' ? undefined : cutChannels(step, trace, x.flow.labels, entry, bounds);
      if (!labels) {
        trace.pin(x, say('feeds', { what: step.label, why: say('picks-some') }));
        if (kind === 'slice') out.push({ size: lengthOf(size, entry, step, bounds) });
      } else out.push({ size: labels.length, labels });
    } else if (kind === 'slice') out.push({ size: lengthOf(size, entry, step, bounds) });
    axis++;
  }
  const at = out.findIndex(({ labels }) => labels);
  const ints = x.ints && x.shape.length === 1 ? pickInts(step, x.ints, cuts) : undefined;
  if (x.ints && !ints) trace.pin(x, say('counted', { what: step.label }));
  return [
    {
      shape: out.map(({ size }) => size),
      ...(at >= 0 && { flow: { axis: at, labels: out[at].labels! } }),
      ...(ints && { ints }),
    },
  ];
};

function lengthOf(size: Dim, entry: number | undefined, step: NodeVisit, bounds: ReturnType<typeof boundsOf>): Dim {
  if (entry === undefined) return size;
  if (bounds) return Math.max(0, Math.ceil((bounds.to - bounds.from) / bounds.stride));
  const whole = ['begin_mask', 'end_mask'].every((name) => step.node.attributes.number(name, 0) & (1 << entry));
  const stride = step.inputs[3]?.ints ? step.inputs[3].ints[entry]?.value : 1;
  return whole && stride === 1 ? size : null;
}

/** A run of channels; every second one would not be every second one any more. */
function cutChannels(
  step: NodeVisit,
  trace: ChannelRecorder,
  labels: Labels,
  entry: number | undefined,
  bounds: ReturnType<typeof boundsOf>,
): Labels | undefined {
  if (entry === undefined) return labels;
  if (!bounds || bounds.stride !== 1 || bounds.to <= bounds.from) return undefined;
  const { from, to } = bounds;
  // A bound beyond the end is cut back to it.
  if (from === 0 && to === labels.length) return labels;
  if (!trace.canSet(step, 1) || !trace.canSet(step, 2)) return undefined;
  const part = trace.channels.sequence(labels.slice(from, to));
  const front = labels.slice(0, from);
  trace.edit((rewriter) => {
    const [skipped, left] = [rewriter.count(front), rewriter.count(part)];
    if (skipped === from && left === part.length) return;
    for (const [input, value] of [
      [1, skipped],
      [2, skipped + left],
    ]) {
      const ints = step.inputs[input].ints!;
      rewriter.setInts(
        step.node.name,
        input,
        ints.map((int, i) => (i === entry ? { value } : int)),
      );
    }
  });
  return part;
}

function pickInts(step: NodeVisit, ints: readonly Int[], cuts: readonly Cut[]): Int[] | undefined {
  if (cuts.length !== 1 || cuts[0].entry === undefined || cuts[0].kind === 'new') return undefined;
  if (cuts[0].kind === 'pick') {
    const at = step.inputs[1].ints?.[0]?.value;
    const int = at === null || at === undefined ? undefined : ints.at(at);
    return int && [int];
  }
  const bounds = boundsOf(step, 0, ints.length);
  return bounds && ints.filter((_, i) => i >= bounds.from && i < bounds.to && (i - bounds.from) % bounds.stride === 0);
}

/** GatherV2(x, indices, axis): channels in another order, or rows of a table. */
export const gather: Rule = (step, trace) => {
  const [x, indices, at] = step.inputs;
  const where = step.node.op === 'Gather' ? [0] : fixedInts(at);
  const axis = where?.length === 1 && x.shape ? axisOf(where[0], x.shape.length) : undefined;
  const batched = step.node.attributes.number('batch_dims', 0) !== 0;
  if (axis === undefined || !x.shape || !indices?.shape || batched) return refuse(step, trace, say('axis-unknown'));
  const order = fixedInts(indices);
  if (x.ints && order && x.shape.length === 1 && order.every((i) => i >= 0 && i < x.ints!.length))
    return [{ shape: indices.shape, ints: order.map((i) => x.ints![i]) }];
  trace.pin(x.ints ? { shape: null, ints: x.ints } : { shape: null }, say('counted', { what: step.label }));
  trace.pin(indices, say('feeds', { what: step.label, why: say('as-places') }));
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const { flow } = x;
  if (!flow) return [{ shape }];
  if (flow.axis !== axis) {
    const shift = flow.axis > axis ? indices.shape.length - 1 : 0;
    return [{ shape, flow: { axis: flow.axis + shift, labels: flow.labels } }];
  }
  const known = order && indices.shape.length === 1 && order.every((i) => i >= 0 && i < flow.labels.length);
  if (!known || order.length === 0) return refuse(step, trace, say('picks-some'));
  const labels = trace.channels.sequence(Int32Array.from(order, (i) => flow.labels[i]));
  trace.edit((rewriter) => {
    const place = new Map(rewriter.kept(flow.labels).map((old, now) => [old, now]));
    if (place.size === flow.labels.length) return;
    const left = order.flatMap((i) => place.get(i) ?? []);
    rewriter.setInts(
      step.node.name,
      1,
      left.map((value) => ({ value })),
    );
  });
  return [{ shape, flow: { axis, labels } }];
};
