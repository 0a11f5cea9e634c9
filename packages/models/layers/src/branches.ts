import type { Group } from '@espalier/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Weight } from './params.js';
import { classOf, configOf, graphOf, isModel, type Layer, type Node, nodesOf } from './tfjs.js';

/** f of x + f(x): what goes when the branch goes. */
export interface Branch {
  readonly group: Group;
  /** The names of its layers, the one that adds among them. */
  readonly layers: ReadonlySet<string>;
}

/** Activations with f(0) = 0. */
const ZERO_AT_ZERO = [
  'elu',
  'gelu',
  'gelu_new',
  'linear',
  'mish',
  'relu',
  'relu6',
  'selu',
  'softsign',
  'swish',
  'tanh',
];
/** Layers of one input that give zeros for zeros. */
const KEEP_ZEROS = [
  ...['ReLU', 'LeakyReLU', 'PReLU', 'ELU', 'Dropout', 'SpatialDropout1D', 'SpatialDropout2D', 'GaussianDropout'],
  ...['ZeroPadding2D', 'Cropping2D', 'UpSampling2D', 'AveragePooling2D', 'MaxPooling2D', 'Reshape', 'Permute'],
];
/** Layers that give f(0) once their weights are zeros. */
const PRODUCERS = [
  ...['Dense', 'Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'Conv3DTranspose'],
  ...['SeparableConv2D', 'DepthwiseConv2D'],
];

/**
 * The residual branches of a Functional model: an Add of two tensors of one shape, x and y, where everything that leads to y
 * comes from x alone and is used for nothing else, each layer once, and y is zeros once the weights of the branch are. Nested
 * models are not looked into.
 */
export function findBranches(model: LayersModel, weights: readonly Weight[]): Branch[] {
  const net = wiringOf(model);
  return net.nodes.flatMap((add) => branchAt(net, add, weights) ?? []);
}

type Wiring = ReturnType<typeof wiringOf>;

function wiringOf(model: LayersModel) {
  const nodes = nodesOf(model);
  const makerOf = new Map(nodes.flatMap((node) => node.outputTensors.map(({ id }) => [id, node] as const)));
  const readersOf = new Map<number, Node[]>();
  const calls = new Map<Layer, number>();
  for (const node of nodes) {
    calls.set(node.outboundLayer, (calls.get(node.outboundLayer) ?? 0) + 1);
    for (const { id } of node.inputTensors) readersOf.set(id, [...(readersOf.get(id) ?? []), node]);
  }
  const outputs = new Set(graphOf(model).outputs.map(({ id }) => id));
  return { nodes, makerOf, readersOf, calls, outputs };
}

function branchAt(net: Wiring, add: Node, weights: readonly Weight[]): Branch | undefined {
  const { outboundLayer: layer, inputTensors } = add;
  if (classOf(layer) !== 'Add' || inputTensors.length !== 2 || net.calls.get(layer) !== 1) return undefined;
  const [a, b] = inputTensors;
  if (a.id === b.id || String(a.shape) !== String(b.shape)) return undefined;
  for (const [x, y] of [
    [a, b],
    [b, a],
  ]) {
    const inside = between(net, x.id, y.id);
    if (!inside || !isOwn(net, inside, add) || !isZero(net, y.id, inside)) continue;
    const layers = new Set([...inside].map(({ outboundLayer }) => outboundLayer));
    const sites = weights
      .filter((weight) => layers.has(weight.layer))
      .map(({ param }) => ({ param: param.id, axis: 0, unitOf: new Int32Array(param.shape[0]) }));
    return { group: { id: layer.name, size: 1, sites }, layers: new Set([...layers, layer].map(({ name }) => name)) };
  }
  return undefined;
}

/** Every call on the way back from y to x; undefined = some of the way comes from elsewhere. */
function between({ makerOf }: Wiring, x: number, y: number): Set<Node> | undefined {
  const inside = new Set<Node>();
  for (const left = [y]; left.length > 0;) {
    const node = makerOf.get(left.pop()!);
    if (!node || node.inputTensors.length === 0) return undefined;
    if (inside.has(node)) continue;
    inside.add(node);
    left.push(...node.inputTensors.flatMap(({ id }) => (id === x ? [] : [id])));
  }
  return inside;
}

function isOwn({ calls, outputs, readersOf }: Wiring, inside: ReadonlySet<Node>, add: Node): boolean {
  return [...inside].every(
    ({ outboundLayer: layer, outputTensors }) =>
      !isModel(layer) &&
      calls.get(layer) === 1 &&
      outputTensors.every(
        ({ id }) => !outputs.has(id) && (readersOf.get(id) ?? []).every((node) => node === add || inside.has(node)),
      ),
  );
}

function isZero(net: Wiring, tensor: number, inside: ReadonlySet<Node>): boolean {
  const node = net.makerOf.get(tensor);
  if (!node || !inside.has(node) || node.inputTensors.length !== 1) return false;
  const [name, config] = [classOf(node.outboundLayer), configOf(node.outboundLayer)];
  const before = () => isZero(net, node.inputTensors[0].id, inside);
  if (PRODUCERS.includes(name)) return ZERO_AT_ZERO.includes(String(config.activation ?? 'linear'));
  // Without a scale nothing but the input is multiplied; with one, the scale is zero.
  if (name === 'BatchNormalization') return config.epsilon !== 0 && (config.scale !== false || before());
  if (name === 'Activation') return ZERO_AT_ZERO.includes(String(config.activation)) && before();
  return KEEP_ZEROS.includes(name) && before();
}
