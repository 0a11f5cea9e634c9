/**
 * The parts of tfjs-layers that its documentation does not speak of, in one place: the graph behind a model, its calls and
 * its weights. Layers are told apart by their class name, never by `instanceof`, so that a second copy of tfjs-layers in a
 * project does no harm.
 */
import { UsageError } from '@espalier/core';
import type { Variable } from '@tensorflow/tfjs-core';
import type { layers, LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';

export type Layer = layers.Layer;
export type Node = Layer['inboundNodes'][number];
export type Size = number | null;
export type Shape = readonly Size[];
/** What a layer is rebuilt from, in tfjs-layers' own camel case. */
export type Config = Record<string, unknown>;

export const isModel = (layer: Layer): layer is LayersModel => 'nodesByDepth' in layer;
export const classOf = (layer: Layer): string => layer.getClassName();
export const configOf = (layer: Layer): Config => ({ ...layer.getConfig(), ...forgotten(layer) });
/** TimeDistributed and Bidirectional keep the layer they wrap in a field. */
export const innerLayer = (layer: Layer) => (layer as { layer?: Layer }).layer;
/** `read()` hands out the variable itself, though its type says Tensor. */
export const variableOf = (weight: LayerVariable) => weight.read() as Variable;
export const product = (sizes: Shape): number | null =>
  sizes.reduce<number | null>((a, b) => (a === null || b === null ? null : a * b), 1);

/**
 * What `getConfig()` of TensorFlow.js 4.22 leaves out or gets wrong, so that a saved layer would load as another one, or not
 * at all: a separable convolution's depth multiplier; a depthwise constraint, in whose place it writes the regulariser.
 */
export function forgotten(layer: Layer): Config {
  const { depthMultiplier, depthwiseConstraint: constraint } = layer as unknown as {
    depthMultiplier?: number;
    depthwiseConstraint?: { getClassName(): string; getConfig(): Config } | null;
  };
  if (!['SeparableConv2D', 'DepthwiseConv2D'].includes(classOf(layer))) return {};
  const depthwiseConstraint = constraint
    ? { className: constraint.getClassName(), config: constraint.getConfig() }
    : null;
  return { depthMultiplier, depthwiseConstraint };
}

/** The configuration of a model and of everything in it. */
export function modelConfig(model: LayersModel): Config & { readonly layers: readonly Config[] } {
  const config = model.getConfig() as unknown as Config & { layers: Config[] };
  const layers = config.layers.map((entry, i) => {
    const layer = model.layers[i];
    return { ...entry, config: isModel(layer) ? modelConfig(layer) : configOf(layer) };
  });
  return { ...config, layers };
}

/** A deep copy whose arrays and objects TensorFlow.js takes for such, wherever the original comes from. */
export function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]));
}

/** The model that runs: a Sequential builds one inside itself, and late. */
export function graphOf(model: LayersModel): LayersModel {
  if (classOf(model) !== 'Sequential') return model;
  if (model.outputs.length === 0) {
    throw new UsageError('model-empty', `the model '${model.name}' has no layers; add some first`, {
      where: model.name,
      wanted: 'a model with layers',
      found: 'none',
    });
  }
  const sequential = model as LayersModel & { model?: LayersModel };
  if (!sequential.model) model.build(model.inputs[0].shape);
  return sequential.model ?? model;
}

/**
 * Frees a model whose last use this is. Each call of a layer takes hold of it, and a Sequential of the models inside it once
 * more, but TensorFlow.js lets go of each only once.
 */
export function disposeModel(model: LayersModel): void {
  if (model.dispose().refCountAfterDispose === 0) letGo(model);
}

function letGo(model: LayersModel): void {
  const references = (inner: Layer) => (inner as unknown as { _refCount: number })._refCount;
  const calls = new Map<Layer, number>();
  for (const { outboundLayer } of nodesOf(model)) calls.set(outboundLayer, (calls.get(outboundLayer) ?? 0) + 1);
  for (const inner of model.layers) {
    const held = (calls.get(inner) ?? 1) - 1 + Number(isModel(inner) && classOf(model) === 'Sequential');
    for (let i = 0; i < held && references(inner) > 0; i++) inner.dispose();
    if (isModel(inner) && references(inner) === 0) letGo(inner);
  }
}

/** Every call of a layer that leads to the model's outputs, inputs first. */
export function nodesOf(model: LayersModel): Node[] {
  const { nodesByDepth } = graphOf(model);
  return Object.keys(nodesByDepth)
    .sort((a, b) => Number(b) - Number(a))
    .flatMap((depth) => nodesByDepth[depth]);
}

/** All layers in the model's order, those of nested models in the nested model's place, each once. */
export function layersOf(model: LayersModel): Layer[] {
  graphOf(model);
  return [...new Set(model.layers.flatMap((layer) => (isModel(layer) ? layersOf(layer) : [layer])))];
}
