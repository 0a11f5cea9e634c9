import { say } from '../notes.js';
import type { Labels } from '../channels.js';
import { axisOf, type Dim } from '../shape.js';
import { refuse, type Rule, type NodeVisit, type ChannelRecorder } from '../trace.js';
import { fixedInts, type Value } from '../values.js';

const FIXED = (size: number) => new Int32Array(size).fill(-1);
const meeting = ({ label }: NodeVisit) => say('meets-fixed', { what: label });

/** Unites the channels of tensors of one shape, which lie along one axis in all of them; undefined where there are none. */
function uniteAll(step: NodeVisit, trace: ChannelRecorder, values: readonly Value[]): Value['flow'] {
  const lead = values.find(({ flow }) => flow)?.flow;
  if (!lead) return undefined;
  for (const value of values) {
    const { flow } = value;
    if (flow?.axis === lead.axis && flow.labels.length === lead.labels.length) {
      trace.channels.unite(lead.labels, flow.labels, meeting(step));
    } else {
      trace.pin(value, meeting(step));
      trace.channels.pin(lead.labels, meeting(step));
    }
  }
  return lead;
}

/** ConcatV2(…, axis) and Concat(axis, …). */
export const concat: Rule = (step, trace) => {
  const first = step.node.op === 'Concat';
  const parts = first ? step.inputs.slice(1) : step.inputs.slice(0, -1);
  const at = fixedInts(first ? step.inputs[0] : step.inputs[step.inputs.length - 1]);
  const rank = parts.find(({ shape }) => shape)?.shape?.length;
  const axis = at?.length === 1 && rank !== undefined ? axisOf(at[0], rank) : undefined;
  if (axis === undefined || parts.some(({ shape }) => !shape)) return refuse(step, trace, say('axis-unknown'));
  const sizes = parts.map(({ shape }) => shape![axis]);
  const total = sizes.reduce<Dim>((sum, size) => (sum === null || size === null ? null : sum + size), 0);
  const shape = parts[0].shape!.map((size, i) => (i === axis ? total : size));
  if (rank === 1 && parts.every(({ ints }) => ints)) return [{ shape, ints: parts.flatMap(({ ints }) => ints!) }];
  for (const part of parts) if (part.ints) trace.pin(part, say('counted', { what: step.label }));
  if (parts.every(({ flow }) => !flow || flow.axis !== axis)) return [{ shape, flow: uniteAll(step, trace, parts) }];
  // Beside one another: each keeps its own channels.
  if (parts.some(({ flow }) => flow && flow.axis !== axis) || sizes.some((size) => size === null))
    return refuse(step, trace, say('joins-axes'));
  const labels = parts.flatMap(({ flow }, i) => [...(flow?.labels ?? FIXED(sizes[i]!))]);
  return [{ shape, flow: { axis, labels: trace.channels.sequence(Int32Array.from(labels)) } }];
};

/** AddN: a sum of any number of tensors. */
export const addN: Rule = (step, trace) => [
  { shape: step.inputs[0]?.shape ?? null, flow: uniteAll(step, trace, step.inputs) },
];

/** Pack stacks along a new axis. */
export const pack: Rule = (step, trace) => {
  const { inputs, node } = step;
  const shape = inputs[0]?.shape;
  if (!shape) return refuse(step, trace, say('shape-unknown'));
  if (shape.length === 0 && inputs.every(({ ints }) => ints?.length === 1)) {
    return [{ shape: [inputs.length], ints: inputs.map(({ ints }) => ints![0]) }];
  }
  for (const part of inputs) if (part.ints) trace.pin(part, say('counted', { what: step.label }));
  const axis = axisOf(node.attributes.number('axis', 0), shape.length + 1) ?? 0;
  const flow = uniteAll(step, trace, inputs);
  const out = [...shape.slice(0, axis), inputs.length, ...shape.slice(axis)];
  return [{ shape: out, flow: flow && { axis: flow.axis + (axis <= flow.axis ? 1 : 0), labels: flow.labels } }];
};

export const unpack: Rule = (step, trace) => {
  const [{ shape, flow, ints }] = step.inputs;
  if (!shape) return refuse(step, trace, say('shape-unknown'));
  const axis = axisOf(step.node.attributes.number('axis', 0), shape.length);
  const size = axis === undefined ? null : shape[axis];
  if (axis === undefined || size === null || size < 0) return refuse(step, trace, say('axis-unknown'));
  if (ints && shape.length === 1) return ints.map((int) => ({ shape: [], ints: [int] }));
  const out = shape.filter((_, i) => i !== axis);
  if (flow?.axis === axis) {
    trace.pin(step.inputs[0], say('feeds', { what: step.label, why: say('takes-apart') }));
    return Array.from({ length: size }, () => ({ shape: out }));
  }
  const left = flow && { axis: flow.axis - (axis < flow.axis ? 1 : 0), labels: flow.labels };
  return Array.from({ length: size }, () => ({ shape: out, flow: left }));
};

/** Split(axis, x) in equal parts, SplitV(x, sizes, axis) in given ones. */
export const split: Rule = (step, trace) => {
  const equal = step.node.op === 'Split';
  const [x, at] = equal ? [step.inputs[1], step.inputs[0]] : [step.inputs[0], step.inputs[2]];
  const where = fixedInts(at);
  const axis = where?.length === 1 && x?.shape ? axisOf(where[0], x.shape.length) : undefined;
  const size = axis === undefined ? null : x.shape![axis];
  const sizes = axis === undefined || size === null ? undefined : partsOf(step, size, equal);
  if (axis === undefined || !sizes) return refuse(step, trace, say('parts-unknown'));
  const shapes = sizes.map((part) => x.shape!.map((old, i) => (i === axis ? part : old)));
  const { flow } = x;
  if (flow?.axis !== axis) return shapes.map((shape) => ({ shape, flow }));
  const parts = sizes.map((part, i) => {
    const from = sizes.slice(0, i).reduce((a, b) => a + b, 0);
    return trace.channels.sequence(flow.labels.slice(from, from + part));
  });
  trace.edit((rewriter) => {
    const left = parts.map((labels) => rewriter.count(labels));
    if (left.every((count, i) => count === sizes[i])) return;
    const values = left.map((value) => ({ value }));
    if (equal) toSplitV(rewriter.node(step.node.name), rewriter.constant(step.node.name, left, [left.length]));
    else rewriter.setInts(step.node.name, 1, values);
  });
  return shapes.map((shape, i) => ({ shape, flow: { axis, labels: parts[i] } }));
};

function partsOf(step: NodeVisit, size: number, equal: boolean): number[] | undefined {
  if (equal) {
    const count = step.node.attributes.number('num_split', 0);
    return count > 0 && size > 0 && size % count === 0 ? Array<number>(count).fill(size / count) : undefined;
  }
  const sizes = fixedInts(step.inputs[1]);
  const open = sizes?.filter((part) => part === -1).length;
  if (!sizes || open! > 1) return undefined;
  const rest = size - sizes.filter((part) => part !== -1).reduce((a, b) => a + b, 0);
  const parts = sizes.map((part) => (part === -1 ? rest : part));
  return size > 0 && parts.every((part) => part > 0) && parts.reduce((a, b) => a + b, 0) === size ? parts : undefined;
}

/** Equal parts are equal no longer. */
function toSplitV(
  node: { op: string; input?: string[]; attr?: Readonly<Record<string, unknown>> },
  sizes: string,
): void {
  const [axis, x, ...control] = node.input!;
  Object.assign(node, {
    op: 'SplitV',
    input: [x, sizes, axis, ...control],
    attr: { ...node.attr, Tlen: { type: 'DT_INT32' } },
  });
}

/** Pad and PadV2: entries that are added beside channels become channels of their own, which may go again. */
export const pad: Rule = (step, trace) => {
  const [x, around] = step.inputs;
  const edges = fixedInts(around);
  if (!x.shape || edges?.length !== 2 * x.shape.length) return refuse(step, trace, say('padding-unknown'));
  const shape = x.shape.map((size, i) => {
    const more = edges[2 * i] + edges[2 * i + 1];
    return size === null || more === 0 ? size : size < 0 ? null : size + more;
  });
  const { flow } = x;
  if (!flow) return [{ shape }];
  const [before, after] = edges.slice(2 * flow.axis, 2 * flow.axis + 2);
  if (before + after === 0) return [{ shape, flow }];
  if (step.node.op === 'MirrorPad' || before < 0 || after < 0) return refuse(step, trace, say('pads-channels'));
  const [front, back] = [before, after].map((size) =>
    size > 0 ? trace.channels.open(step.node.name, size) : FIXED(0),
  );
  const labels = trace.channels.sequence(Int32Array.from([...front, ...flow.labels, ...back]));
  const rank = x.shape.length;
  trace.edit((rewriter) => {
    const left = [rewriter.count(front), rewriter.count(back)];
    if (left[0] === before && left[1] === after) return;
    const values = edges.map((value, i) => ({ value: Math.floor(i / 2) === flow.axis ? left[i % 2] : value }));
    rewriter.setInts(step.node.name, 1, values, [rank, 2]);
  });
  return [{ shape, flow: { axis: flow.axis, labels } }];
};

export const tile: Rule = (step, trace) => {
  const [x, times] = step.inputs;
  const counts = fixedInts(times);
  const known = times?.ints;
  if (!x.shape || known?.length !== x.shape.length) return refuse(step, trace, say('counts-unknown'));
  const shape = x.shape.map((size, i): Dim => {
    const by = known[i].value;
    return size === null || by === null ? null : size * by;
  });
  const { flow } = x;
  if (!flow) return [{ shape }];
  trace.pin(times, say('counted', { what: step.label }));
  const by = counts?.[flow.axis] ?? known[flow.axis].value;
  if (by === null || by < 1) return refuse(step, trace, say('counts-unknown'));
  if (by === 1) return [{ shape, flow }];
  const repeated: Labels = Int32Array.from(
    { length: by * flow.labels.length },
    (_, i) => flow.labels[i % flow.labels.length],
  );
  return [{ shape, flow: { axis: flow.axis, labels: trace.channels.sequence(repeated) } }];
};
