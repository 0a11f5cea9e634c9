import { say } from '../notes.js';
import { channelAxis, fanOut, fixOthers, type Rule, type LayerCall, withAxis } from '../flow.js';
import { kernelOf } from '../kernels.js';
import { activate } from './activation.js';

/** Incoming units end at a kernel's input axis, and its output axis starts new ones. */
function make(step: LayerCall, name: string, size: string, incoming: Int32Array | undefined): Int32Array {
  const kernel = step.weights.get(name)!;
  const { inAxis, outAxis } = kernelOf(step.layer, name)!;
  step.tie(kernel, inAxis, incoming);
  const units = step.produce(kernel.param.shape[outAxis]);
  step.tie(kernel, outAxis, units);
  step.tie(step.weights.get('bias'), 0, units);
  step.size([size], units);
  return units;
}

/** Works along the last axis, at each place of the others by itself: their units pass. */
export const dense: Rule = (step) => {
  const [flow] = step.flows;
  const axis = flow.axes.length - 1;
  return [activate(step, withAxis(flow, axis, make(step, 'kernel', 'units', flow.axes[axis])))];
};

export const convolution: Rule = (step) => {
  const [flow] = step.flows;
  const axis = channelAxis(step, step.inputs[0]);
  fixOthers(step, axis);
  return [activate(step, withAxis(flow, axis, make(step, 'kernel', 'filters', flow.axes[axis])))];
};

/** A depthwise convolution, whose channels another kernel then mixes. */
export const separable: Rule = (step) => {
  const [flow] = step.flows;
  const axis = channelAxis(step, step.inputs[0]);
  fixOthers(step, axis);
  const spread = depthwiseUnits(step, flow.axes[axis]);
  return [activate(step, withAxis(flow, axis, make(step, 'pointwise_kernel', 'filters', spread)))];
};

/** A channel's filters and biases go with it, and it leaves `depthMultiplier` channels behind. */
export const depthwise: Rule = (step) => {
  const [flow] = step.flows;
  const axis = channelAxis(step, step.inputs[0]);
  fixOthers(step, axis);
  const units = depthwiseUnits(step, flow.axes[axis]);
  step.tie(step.weights.get('bias'), 0, units);
  return [activate(step, withAxis(flow, axis, units))];
};

function depthwiseUnits({ weights, tie }: LayerCall, incoming: Int32Array | undefined): Int32Array | undefined {
  const kernel = weights.get('depthwise_kernel')!;
  const { shape } = kernel.param;
  tie(kernel, shape.length - 2, incoming);
  return incoming && fanOut(incoming, shape[shape.length - 1]);
}

/** A looked-up vector's entries are channels; the indices that come in are none. */
export const embedding: Rule = (step) => {
  const [flow] = step.flows;
  if (flow.axes.some((units) => units !== undefined)) return say('as-indices');
  const table = step.weights.get('embeddings')!;
  const units = step.produce(table.param.shape[1]);
  step.tie(table, 1, units);
  step.size(['outputDim'], units);
  const axes = step.outputs[0].map((_, a, { length }) => (a === length - 1 ? units : undefined));
  return [{ axes, from: flow.from }];
};
