import type { Group } from '@espalier/core';
import type { layers, LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type Draft, type Flow, refuse } from './flow.js';
import { HANDLERS } from './group-handlers.js';

type Layer = layers.Layer;

/**
 * Which channels have to be removed together: a walk from the model's inputs to its outputs that carries the channels of
 * every tensor along. Whatever is not understood refuses the groups that reach it, with a reason, and guesses nothing.
 */
export function findGroups(model: LayersModel): Group[] {
  const groups: Draft[] = [];
  const flows = new Map<SymbolicTensor, Flow | undefined>();
  const visits = new Map<Layer, number>();
  const order = topological(model.outputs);
  for (const tensor of order) visits.set(tensor.sourceLayer, (visits.get(tensor.sourceLayer) ?? 0) + 1);
  for (const tensor of order) flows.set(tensor, visit(tensor, flows, groups, visits.get(tensor.sourceLayer)! > 1));
  for (const output of model.outputs) refuse(flows.get(output), "its channels are the model's output");
  return groups;
}

function visit(
  tensor: SymbolicTensor,
  flows: Map<SymbolicTensor, Flow | undefined>,
  groups: Draft[],
  shared: boolean,
): Flow | undefined {
  const layer = tensor.sourceLayer;
  const inputs = inputsOf(tensor);
  if (inputs.length === 0) return undefined;
  const incoming = inputs.map((input) => flows.get(input));
  const refuseAll = (reason: string) => incoming.forEach((flow) => refuse(flow, reason));
  const className = layer.getClassName();
  if (inputs.length > 1)
    return void refuseAll(`feeds '${layer.name}' (${className}), and channels that meet others are not supported yet`);
  if ('layers' in layer) return void refuseAll(`feeds '${layer.name}', a model inside the model`);
  const handler = HANDLERS.get(className);
  if (!handler) return void refuseAll(`feeds '${layer.name}', and what a ${className} does with channels is not known`);
  if (shared) {
    refuseAll(`feeds '${layer.name}', which is used in several places`);
    return undefined;
  }
  const config = layer.getConfig() as Record<string, unknown>;
  if (config.dataFormat === 'channelsFirst') return void refuseAll(`feeds '${layer.name}', whose channels come first`);
  const weights = new Map(layer.weights.map((w) => [w.originalName.slice(w.originalName.lastIndexOf('/') + 1), w]));
  return handler({
    layer,
    name: layer.name,
    config,
    input: inputs[0],
    flow: incoming[0],
    shapeOf: (weight) => weights.get(weight)?.shape.map((n) => n ?? 0),
    site(flow, weight, axis) {
      const found = weights.get(weight);
      if (flow && found) flow.group.sites.push({ param: found.originalName, axis, unitOf: flow.unitOf });
    },
    open(size) {
      const group: Draft = { id: layer.name, size, sites: [] };
      groups.push(group);
      return { group, unitOf: Int32Array.from({ length: size }, (_, unit) => unit) };
    },
  });
}

function inputsOf({ sourceLayer, nodeIndex }: SymbolicTensor): SymbolicTensor[] {
  return sourceLayer.inboundNodes[nodeIndex]?.inputTensors ?? [];
}

/** Tensors before those made from them; without recursion, because networks can be deep. */
function topological(outputs: readonly SymbolicTensor[]): SymbolicTensor[] {
  const order = new Set<SymbolicTensor>();
  const stack = [...outputs].reverse();
  while (stack.length > 0) {
    const tensor = stack[stack.length - 1];
    const waiting = order.has(tensor) ? [] : inputsOf(tensor).filter((input) => !order.has(input));
    if (waiting.length > 0) stack.push(...waiting);
    else order.add(stack.pop()!);
  }
  return [...order];
}
