import type { Draft, Json } from '../../../packages/formats/testing/hostile/drafts.js';

/** One way in which layers or nodes can be wrong, or not fit the weights. */
export interface TopologyRow {
  readonly what: string;
  readonly of: 'layers' | 'graph';
  readonly make: (d: Draft) => void;
  readonly says: readonly string[];
  /** Another program may well load it, so that it can be packed. */
  readonly packs?: boolean;
}

const layer = (className: string, name: string, config: object, ...inputs: string[]): Json => ({
  class_name: className,
  name,
  config: { name, ...config },
  inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
});
const input = layer('InputLayer', 'x', { batch_input_shape: [null, 2], dtype: 'float32', sparse: false });

/** The dense layer with others around it. */
function functional(d: Draft, layers: Json[], output: string): void {
  const dense = { ...d.topology.config.layers[0], name: 'fc', inbound_nodes: [[['x', 0, 0, {}]]] };
  d.topology.class_name = 'Functional';
  d.topology.config = {
    name: 'm',
    layers: [input, dense, ...layers],
    input_layers: [['x', 0, 0]],
    output_layers: [[output, 0, 0]],
  };
}

const first = (d: Draft): Json => d.topology.config.layers[0];
const node = (d: Draft, name: string): Json => d.topology.node.find((own: Json) => own.name === name);
/** A shape with the same number of values. */
const turned = (d: Draft) => {
  d.weights[0].shape = [3, 2];
  d.kernel.shape = [3, 2];
};
const integers = (d: Draft) => {
  d.weights[0].dtype = 'int32';
  d.kernel.dtype = d.kind === 'safetensors' ? 'I32' : 'int32';
  // Compact: planes of integers are not turned, and any planes are integers.
};

export const TOPOLOGY_ROWS: readonly TopologyRow[] = [
  {
    what: 'a custom layer',
    of: 'layers',
    make: (d) => (first(d).class_name = 'MyDense'),
    says: ["'fc'", "'MyDense'"],
    packs: true,
  },
  {
    what: 'a Lambda',
    of: 'layers',
    make: (d) => (first(d).class_name = 'Lambda'),
    says: ["'fc'", 'Python'],
    packs: true,
  },
  {
    what: 'a class called constructor',
    of: 'layers',
    make: (d) => (first(d).class_name = 'constructor'),
    says: ["'constructor'"],
    packs: true,
  },
  { what: 'an unknown activation', of: 'layers', make: (d) => (first(d).config.activation = 'warp'), says: ['warp'] },
  {
    what: 'another shape than the layer has',
    of: 'layers',
    make: turned,
    says: ["'fc/kernel'", '[2, 3] float32', '[3, 2] float32'],
  },
  { what: 'another dtype than the layer has', of: 'layers', make: integers, says: ["'fc/kernel'", 'float32', 'int32'] },
  {
    what: 'a weight missing',
    of: 'layers',
    make: (d) => functional(d, [layer('Dense', 'more', { units: 2 }, 'fc')], 'more'),
    says: ["missing 'more/kernel', 'more/bias'"],
  },
  {
    what: 'a weight too many',
    of: 'layers',
    make: (d) => (first(d).config.use_bias = false),
    says: ["not in the topology 'fc/bias'"],
  },
  {
    what: 'layers of billions of weights',
    of: 'layers',
    make: (d) => (first(d).config.units = 2 ** 30),
    says: ["'fc/kernel'", '1073741824'],
  },
  {
    what: 'layers that wait for one another',
    of: 'layers',
    make: (d) =>
      functional(d, [layer('Add', 'a', {}, 'fc', 'b'), layer('Activation', 'b', { activation: 'relu' }, 'a')], 'b'),
    says: ["'a' in", "connected to 'b'"],
  },
  {
    what: 'a layer that waits for itself',
    of: 'layers',
    make: (d) => functional(d, [layer('Add', 'a', {}, 'fc', 'a')], 'a'),
    says: ["connected to 'a'"],
  },
  {
    what: 'a layer that is not there',
    of: 'layers',
    make: (d) => functional(d, [layer('Activation', 'a', { activation: 'relu' }, 'ghost')], 'a'),
    says: ["'ghost'"],
  },
  {
    what: 'a layer called __proto__',
    of: 'layers',
    make: (d) => functional(d, [layer('Activation', '__proto__', { activation: 'relu' }, 'fc')], '__proto__'),
    says: ['__proto__'],
  },
  {
    what: 'a layer twice',
    of: 'layers',
    make: (d) => functional(d, [layer('Activation', 'fc', { activation: 'relu' }, 'x')], 'fc'),
    says: ["'fc'"],
  },
  { what: 'no layers', of: 'layers', make: (d) => (d.topology.config.layers = []), says: ['no layers'] },
  {
    what: 'an unknown operation',
    of: 'graph',
    make: (d) => (node(d, 'sum').op = 'Warp'),
    says: ["'Warp'"],
    packs: true,
  },
  {
    what: 'nodes that wait for one another',
    of: 'graph',
    make: (d) => (node(d, 'product').input = ['sum', 'fc/kernel']),
    says: ['circle'],
  },
  {
    what: 'a node that waits for itself',
    of: 'graph',
    make: (d) => (node(d, 'product').input = ['product', 'fc/kernel']),
    says: ["'product'", 'circle'],
  },
  {
    what: 'a node that is not there',
    of: 'graph',
    make: (d) => (node(d, 'product').input = ['ghost', 'fc/kernel']),
    says: ["'ghost'"],
  },
  { what: 'a node twice', of: 'graph', make: (d) => d.topology.node.push({ ...node(d, 'sum') }), says: ["'sum'"] },
  {
    what: 'a weight missing in the graph',
    of: 'graph',
    make: (d) => d.topology.node.push({ name: 'more', op: 'Const', input: [], attr: {} }),
    says: ["missing 'more'"],
  },
  {
    what: 'a weight too many for the graph',
    of: 'graph',
    make: (d) => d.weights.push({ name: 'extra', shape: [0], dtype: 'float32' }),
    says: ["not in the graph 'extra'"],
  },
  {
    what: 'another shape than the inputs have',
    of: 'graph',
    make: turned,
    says: ["'fc/kernel'", '[3, 2]', "'product'"],
  },
  { what: 'another dtype than the node has', of: 'graph', make: integers, says: ["'fc/kernel'", 'DT_FLOAT', 'int32'] },
  { what: 'no nodes', of: 'graph', make: (d) => (d.topology.node = []), says: ['node'] },
];
