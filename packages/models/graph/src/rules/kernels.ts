import { type Note } from '@espalier/core';
import { say } from '../notes.js';
import type { Labels } from '../channels.js';
import { type Dim, perSample, type Shape, windowed } from '../shape.js';
import { flowOf, refuse, type Rule, type NodeVisit, type ChannelRecorder } from '../trace.js';
import type { Value } from '../values.js';

/** The axis of channels in a layout; spatial axes are the others but the batch. */
const channelAxis = (step: NodeVisit, rank: number) =>
  step.node.attributes.string('data_format', 'NHWC').startsWith('NC') ? 1 : rank - 1;

const spatialAxes = (rank: number, channels: number) =>
  Array.from({ length: rank }, (_, i) => i).filter((i) => i !== 0 && i !== channels);

/** Sizes of what a window gives, without the channels. */
function slide({ node }: NodeVisit, shape: Shape, axes: readonly number[], windows: readonly number[]): Dim[] {
  const { attributes } = node;
  const list = (name: string) => attributes.numbers(name);
  const around = list('explicit_paddings');
  return axes.map((axis, i) =>
    windowed(shape?.[axis] ?? null, {
      window: windows[i],
      stride: list('strides')[axis] || 1,
      dilation: list('dilations')[axis] || 1,
      padding: attributes.string('padding', 'VALID'),
      around: (around[2 * axis] ?? 0) + (around[2 * axis + 1] ?? 0),
    }),
  );
}

/** The activation and the extra inputs that a fused node has behind its kernel. */
function fusedInputs(
  step: NodeVisit,
  trace: ChannelRecorder,
  labels: Labels | undefined,
  axis: number,
  rank: number,
): void {
  const fused = step.node.attributes.strings('fused_ops').map((op) => op.toLowerCase());
  let input = 2;
  if (fused.includes('biasadd') && step.inputs[input]) {
    trace.learn(step, input, 'bias');
    if (labels) trace.tie(step, input, (step.inputs[input].shape?.length ?? 1) - 1, labels);
    input++;
  }
  if (fused.includes('prelu') && step.inputs[input]) {
    trace.learn(step, input, 'norm');
    if (labels) trace.meet(step, input, rank - axis, labels);
  }
}

const FUSIBLE = ['biasadd', 'relu', 'relu6', 'elu', 'prelu', 'leakyrelu', 'sigmoid', 'tanh'];

/** Why a node's fusions cannot be followed; undefined = they can. */
function unknownFusion({ node }: NodeVisit): Note | undefined {
  const other = node.attributes.strings('fused_ops').find((op) => !FUSIBLE.includes(op.toLowerCase()));
  return other === undefined ? undefined : say('fuses', { what: other });
}

/** A kernel is a weight itself; what is worked out from others has no channels of its own. */
const isKernel = (value: Value | undefined, rank: number) =>
  value?.weight !== undefined && value.shape!.length === rank && value.shape!.every((size) => size !== 0);

/** Incoming channels end at an axis of the kernel. */
function consume(
  step: NodeVisit,
  trace: ChannelRecorder,
  input: number,
  at: number,
  kernel: number,
  kernelAxis: number,
): boolean {
  const { flow } = step.inputs[input];
  if (!flow) return true;
  if (flow.axis !== at) {
    trace.pin(step.inputs[input], say('feeds', { what: step.label, why: say('mixes-axis') }));
    return false;
  }
  // A grouped convolution reads fewer channels than it is given.
  if (flow.labels.length !== step.inputs[kernel].shape![kernelAxis]) {
    trace.pin(step.inputs[input], say('feeds', { what: step.label, why: say('other-size') }));
    return false;
  }
  trace.tie(step, kernel, kernelAxis, flow.labels);
  return true;
}

/** Conv2D, Conv3D and their fused forms: kernel [..., in, out]. */
export const convolution: Rule = (step, trace) => {
  const [x, kernel] = step.inputs;
  const rank = step.node.op === 'Conv3D' ? 5 : 4;
  const why = unknownFusion(step) ?? (isKernel(kernel, rank) ? undefined : say('kernel-no-weight'));
  if (why !== undefined) return refuse(step, trace, why);
  const axis = channelAxis(step, rank);
  const size = kernel.shape![rank - 1]!;
  const sizes = slide(step, x.shape, spatialAxes(rank, axis), kernel.shape!.slice(0, rank - 2) as number[]);
  const batch = x.shape?.[0] ?? null;
  consume(step, trace, 0, axis, 1, rank - 2);
  trace.kernel(step, 1, rank - 2, perSample([batch, ...sizes], trace.batch));
  const labels = trace.channels.open(step.node.name, size);
  trace.tie(step, 1, rank - 1, labels);
  fusedInputs(step, trace, labels, axis, rank);
  const shape = axis === 1 ? [batch, size, ...sizes] : [batch, ...sizes, size];
  return [{ shape, flow: flowOf(axis, labels) }];
};

/** DepthwiseConv2dNative and its fused form: kernel [h, w, in, mult], channel c · mult + m behind comes from c in front. */
export const depthwise: Rule = (step, trace) => {
  const [x, kernel] = step.inputs;
  const why = unknownFusion(step) ?? (isKernel(kernel, 4) ? undefined : say('kernel-no-weight'));
  if (why !== undefined) return refuse(step, trace, why);
  const axis = channelAxis(step, 4);
  const [h, w, size, times] = kernel.shape as number[];
  const sizes = slide(step, x.shape, spatialAxes(4, axis), [h, w]);
  const batch = x.shape?.[0] ?? null;
  trace.kernel(step, 1, -1, perSample([batch, ...sizes], trace.batch));
  const followed = consume(step, trace, 0, axis, 1, 2);
  let labels = followed ? x.flow?.labels : undefined;
  if (labels && times > 1) {
    const before = labels;
    labels = trace.channels.sequence(
      Int32Array.from({ length: size * times }, (_, i) => before[Math.floor(i / times)]),
    );
  }
  fusedInputs(step, trace, labels, axis, 4);
  const shape = axis === 1 ? [batch, size * times, ...sizes] : [batch, ...sizes, size * times];
  return [{ shape, flow: labels && flowOf(axis, labels) }];
};

/** Conv2DBackpropInput(sizes, kernel [h, w, out, in], x): the output's sizes are an input. */
export const transposed: Rule = (step, trace) => {
  const [sizes, kernel, x] = step.inputs;
  if (!isKernel(kernel, 4)) return refuse(step, trace, say('kernel-no-weight'));
  const [, , size, fanIn] = kernel.shape as number[];
  // TensorFlow.js knows this operation in one layout only.
  if (channelAxis(step, 4) !== 3) return refuse(step, trace, say('channels-first'));
  consume(step, trace, 2, 3, 1, 3);
  const positions = x.shape && x.shape[3] === fanIn ? perSample(x.shape.slice(0, 3), trace.batch) : null;
  trace.kernel(step, 1, 3, positions);
  const labels = trace.channels.open(step.node.name, size);
  trace.tie(step, 1, 2, labels);
  const out = sizes.ints?.length === 4 ? sizes.ints.map(({ value }) => value) : [null, null, null, size];
  const shape = [x.shape?.[0] ?? out[0], out[1], out[2], size];
  if (!trace.canSet(step, 0)) trace.channels.pin(labels, say('works-out-size', { what: step.label }));
  else {
    const own = sizes.ints!;
    trace.pin({ shape: null, ints: own.slice(0, 3) }, say('counted', { what: step.label }));
    trace.edit((rewriter) => {
      const left = rewriter.count(labels);
      if (left < size) rewriter.setInts(step.node.name, 0, [...own.slice(0, 3), { value: left }]);
    });
  }
  return [{ shape, flow: flowOf(3, labels) }];
};

/** MatMul and _FusedMatMul, BatchMatMul by a weight: [..., in] × [in, out]. */
export const matMul: Rule = (step, trace) => {
  const { attributes } = step.node;
  const [a, b] = step.inputs;
  const flips = (one: string, other: string) => attributes.boolean(one) || attributes.boolean(other);
  const why = unknownFusion(step);
  if (why !== undefined) return refuse(step, trace, why);
  if (!isKernel(b, 2) || !a.shape || flips('transpose_a', 'adj_x')) return refuse(step, trace, say('mixes-them'));
  const [inAxis, outAxis] = flips('transpose_b', 'adj_y') ? [1, 0] : [0, 1];
  const last = a.shape.length - 1;
  const size = b.shape![outAxis]!;
  consume(step, trace, 0, last, 1, inAxis);
  const rows = a.shape.slice(0, -1);
  trace.kernel(step, 1, inAxis, perSample(rows, trace.batch));
  const labels = trace.channels.open(step.node.name, size);
  trace.tie(step, 1, outAxis, labels);
  fusedInputs(step, trace, labels, last, a.shape.length);
  return [{ shape: [...rows, size], flow: flowOf(last, labels) }];
};

export const biasAdd: Rule = (step, trace) => {
  const [x, bias] = step.inputs;
  trace.learn(step, 1, 'bias');
  if (!x.shape || !x.flow) return [{ shape: x.shape, flow: undefined }];
  const axis = channelAxis(step, x.shape.length);
  if (x.flow.axis !== axis || !bias.shape) trace.pin(x, say('feeds', { what: step.label, why: say('other-axis') }));
  else if (bias.shape[0] !== 1) trace.tie(step, 1, 0, x.flow.labels);
  return [{ shape: x.shape, flow: x.flow }];
};

/** FusedBatchNorm of any version, on its stored statistics: x, scale, offset, mean, variance. */
export const batchNorm: Rule = (step, trace) => {
  const [x] = step.inputs;
  const { attributes } = step.node;
  trace.learn(step, 1, 'norm');
  trace.learn(step, 2, 'norm');
  for (const input of [3, 4]) {
    const id = step.inputs[input]?.weight;
    if (id !== undefined) trace.statistics.add(id);
  }
  const out: Value = { shape: x.shape, flow: x.flow };
  if (!x.flow || !x.shape) return [out];
  // TensorFlow.js normalises the last axis, whatever the layout says.
  if (x.flow.axis !== x.shape.length - 1) {
    return refuse(step, trace, say('normalises-another'), x.shape);
  }
  for (const input of [1, 2, 3]) trace.tie(step, input, 0, x.flow.labels);
  // 0 / √(0 + 0) is no number.
  trace.tie(step, 4, 0, x.flow.labels, attributes.number('epsilon', 1e-4) > 0);
  return [out];
};

/** MaxPool and AvgPool in two or three dimensions. TensorFlow.js takes the channels to be last. */
export const pool: Rule = (step, trace) => {
  const [x] = step.inputs;
  const rank = step.node.op.endsWith('3D') ? 5 : 4;
  const windows = step.node.attributes.numbers('ksize');
  const isPlain = windows.length === rank && windows[0] === 1 && windows[rank - 1] === 1;
  if (!isPlain || channelAxis(step, rank) !== rank - 1) return refuse(step, trace, say('pools-channels'));
  if (x.flow && x.flow.axis !== rank - 1) return refuse(step, trace, say('pools-axis'));
  const axes = spatialAxes(rank, rank - 1);
  const sizes = slide(step, x.shape, axes, windows.slice(1, -1));
  return [{ shape: [x.shape?.[0] ?? null, ...sizes, x.shape?.[rank - 1] ?? null], flow: x.flow }];
};
