import type { Group } from '@espalier/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type Draft, type Flow, iota, type Resize, spoil, tie } from './flow.js';
import { kernelOf } from './kernels.js';
import { type Weight, weightName } from './params.js';
import { RULES } from './rules.js';
import { classOf, configOf, graphOf, isModel, type Layer, type Node, nodesOf } from './tfjs.js';

export interface Dependencies {
  readonly groups: readonly Group[];
  /** What removing units changes in the layers' configurations. */
  readonly resizes: readonly Resize[];
}

const MERGES = ['Add', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Concatenate', 'Dot'];

/**
 * Follows channels through the network, inputs first: Dense and convolutions start a group named after themselves; every
 * weight axis that the channels pass or end at becomes a site of it. A group whose channels reach a layer that they
 * cannot be followed through, or the model's output, says so in `skip`. Nothing is assumed of classes without a rule.
 */
export function findGroups(model: LayersModel, weights: readonly Weight[]): Dependencies {
  const [groups, resizes] = [new Map<string, Draft>(), [] as Resize[]];
  const flows = new Map<number, Flow | undefined>();
  const ownLayers = new Set(model.layers);
  const nodes = nodesOf(model);
  const calls = new Map<Layer, number>();
  for (const { outboundLayer: layer } of nodes) calls.set(layer, (calls.get(layer) ?? 0) + 1);

  for (const node of nodes) {
    const { outboundLayer: layer, inputTensors, outputTensors } = node;
    const incoming = inputTensors.flatMap(({ id }) => flows.get(id) ?? []);
    const obstacle = obstacleOf(layer, calls.get(layer)!, ownLayers) ?? passThrough(node, incoming[0]);
    if (obstacle === undefined) continue;
    for (const flow of incoming) spoil(flow, `feeds ${obstacle}`);
    for (const { id } of outputTensors) flows.set(id, undefined);
    if (ownLayers.has(layer) && !isModel(layer)) openAnyway(layer, obstacle);
  }
  for (const { id } of graphOf(model).outputs) {
    const group = flows.get(id)?.group;
    if (group) group.skip = 'model output';
  }
  return { groups: [...groups.values()], resizes };

  /** Lets the layer's rule decide; returns what is in the way, if anything. */
  function passThrough({ outboundLayer: layer, inputTensors, outputTensors }: Node, flow?: Flow): string | undefined {
    const out = RULES.get(classOf(layer))!({
      layer,
      config: configOf(layer),
      input: inputTensors[0].shape,
      output: outputTensors[0].shape,
      weights: weightsOfLayer(layer),
      flow,
      open: (size) => open(layer, size),
      resize: (resize) => resizes.push({ ...resize, layer: layer.name }),
    });
    if (typeof out === 'string') return `'${layer.name}' (${classOf(layer)}), ${out}`;
    flows.set(outputTensors[0].id, out);
    return undefined;
  }

  function open(layer: Layer, size: number): Draft {
    const group: Draft = { id: layer.name, size, sites: [] };
    groups.set(layer.name, group);
    return group;
  }

  /** A layer that makes channels says why they stay, even where its rule was not asked. */
  function openAnyway(layer: Layer, obstacle: string): void {
    if (groups.has(layer.name)) return;
    const own = weightsOfLayer(layer);
    for (const [name, weight] of own) {
      const outAxis = kernelOf(layer, name)?.outAxis ?? -1;
      if (outAxis < 0 || !RULES.has(classOf(layer))) continue;
      const group = open(layer, weight.param.shape[outAxis]);
      group.skip = obstacle;
      const flow = { group, unitOf: iota(group.size) };
      tie(flow, weight, outAxis);
      tie(flow, own.get('bias'), 0);
    }
  }

  function weightsOfLayer(layer: Layer): Map<string, Weight> {
    return new Map(weights.filter((w) => w.layer === layer).map((w) => [weightName(w.param.id), w]));
  }
}

/** What keeps a layer's rule from being asked at all. */
function obstacleOf(layer: Layer, calls: number, ownLayers: ReadonlySet<Layer>): string | undefined {
  const name = classOf(layer);
  const label = `'${layer.name}' (${name})`;
  if (name === 'InputLayer') return undefined;
  if (isModel(layer)) return `the nested model '${layer.name}'; groups that span models are not supported yet`;
  if (!ownLayers.has(layer)) return `${label} of a nested model; groups that span models are not supported yet`;
  if (MERGES.includes(name)) return `${label}; groups that span branches are not supported yet`;
  if (calls > 1) return `${label}, which is called ${calls} times; groups through shared layers are not supported yet`;
  if (!RULES.has(name)) return `${label}, through which channels are not followed`;
  if (configOf(layer).dataFormat === 'channelsFirst')
    return `${label}, whose layout is channelsFirst; only channelsLast is supported`;
  return undefined;
}
