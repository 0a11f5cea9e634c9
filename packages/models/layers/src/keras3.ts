import { InputError, show } from '@espalier/core';
import { asLayer, type FileLayer, layersIn } from './file-layer.js';
import type { Config } from './tfjs.js';

/**
 * A topology as Keras 3 writes it, in the words of Keras 2, which TensorFlow.js reads: `batch_shape`, dtype policies, and
 * connections spelled as Keras tensors. Others come back as they are.
 *
 * Throws an InputError with code 'topology-keras3' for connections that Keras 2 has no words for.
 */
export function toKeras2(layer: FileLayer, where = 'modelTopology'): FileLayer {
  const config: Config = Array.isArray(layer.config) ? (layer.config as unknown as Config) : { ...layer.config };
  const inside = layersIn(layer, where)?.map((inner, i) => toKeras2(inner, `${where}.config.layers[${i}]`));
  if (Array.isArray(config)) return { ...layer, config: inside as unknown as Config };
  if (inside) config.layers = inside;
  if (config.batch_shape !== undefined) {
    config.batch_input_shape ??= config.batch_shape;
    delete config.batch_shape;
  }
  const policy = config.dtype as { config?: { name?: unknown } } | string | null | undefined;
  if (typeof policy === 'object' && policy !== null) config.dtype = policy.config?.name ?? 'float32';
  if (typeof config.layer === 'object' && config.layer !== null) {
    config.layer = toKeras2(asLayer(config.layer, `${where}.config.layer`), `${where}.config.layer`);
  }
  for (const end of ['input_layers', 'output_layers']) {
    // One input is written as [name, 0, 0], several as a list of those.
    const ends = config[end];
    if (Array.isArray(ends) && typeof ends[0] === 'string') config[end] = [ends];
  }
  const nodes = layer.inbound_nodes;
  if (!Array.isArray(nodes)) return { ...layer, config };
  return { ...layer, config, inbound_nodes: nodes.map((node) => (isCall(node) ? connections(node, where) : node)) };
}

interface KerasCall {
  readonly args: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

const isCall = (node: unknown): node is KerasCall =>
  typeof node === 'object' && node !== null && Array.isArray((node as Config).args);

function connections({ args, kwargs = {} }: KerasCall, where: string): unknown[] {
  const options = Object.fromEntries(Object.entries(kwargs).filter(([, value]) => value !== null));
  return args.flat().map((arg) => {
    const history = (arg as { config?: { keras_history?: unknown } } | null)?.config?.keras_history;
    if (Array.isArray(history)) return [...(history as unknown[]), options];
    throw new InputError(
      'topology-keras3',
      `${where}: a layer is called with ${show(JSON.stringify(arg))}, only layers' outputs are supported`,
      {
        where,
        wanted: 'the output of a layer',
        found: String(JSON.stringify(arg)),
      },
    );
  });
}
