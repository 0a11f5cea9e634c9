import { InputError, show } from '@espalier/core';
import { isRegistered } from './build.js';
import { asLayer, CONTAINERS, type FileLayer, layersIn, malformed } from './file-layer.js';
import { connect } from './connections.js';
import { toKeras2 } from './keras3.js';
import type { Config } from './tfjs.js';

/**
 * The class and the configuration of the outermost model, ready for TensorFlow.js. Checks what TensorFlow.js would stumble
 * over or, given a connection to a layer that is not there, never come back from.
 *
 * Throws an InputError with code 'graph-model', 'topology-invalid', 'model-empty', 'layer-unknown', 'layer-name', 'layer-duplicate' or 'layer-connection'.
 */
export function parseTopology(topology: unknown): { className: string; config: Config } {
  const outer = topology as Config | undefined;
  if (outer && Array.isArray(outer.node)) throw graphModel();
  const model = toKeras2(asLayer(outer?.model_config ?? outer, 'modelTopology'));
  if (!CONTAINERS.includes(model.class_name)) {
    throw malformed('modelTopology.class_name', `one of ${CONTAINERS.join(', ')}`, model.class_name);
  }
  checkLayer(model, 'modelTopology');
  const { className, config } = toCamelCase(model) as { className: string; config: Config };
  return { className, config: Array.isArray(config) ? { layers: config } : config };
}

export function graphModel(): InputError {
  const fix = 'use adaptGraph of @espalier/adapter-graph';
  return new InputError('graph-model', `this is a graph model, which has no layers; ${fix}`, {
    where: 'format',
    wanted: 'layers-model',
    found: 'graph-model',
    fix,
  });
}

export function unknownClass(layer: string, className: string): InputError {
  const fix =
    className === 'Lambda'
      ? 'a Lambda holds Python code; replace it by a layer class that is registered with tf.serialization.registerClass()'
      : 'import the code that defines it and calls tf.serialization.registerClass() before the model is loaded';
  return new InputError(
    'layer-unknown',
    `layer ${show(layer)} is of the class ${show(className)}, which is not registered; ${fix}`,
    { where: layer, wanted: 'a registered layer class', found: className, fix },
  );
}

function empty(where: string): InputError {
  const [wanted, found, fix] = ['a model with layers', 'none', 'export the model again'];
  return new InputError('model-empty', `the model ${show(where)} has no layers; ${fix}`, { where, wanted, found, fix });
}

function checkLayer(layer: FileLayer, where: string): void {
  const name = String(layer.config.name ?? layer.name ?? where);
  if (!isRegistered(layer.class_name)) throw unknownClass(name, layer.class_name);
  checkAxes(layer.config, where);
  const inside = layersIn(layer, where);
  if (inside?.length === 0) throw empty(name);
  inside?.forEach((inner, i) => checkLayer(inner, `${where}.config.layers[${i}]`));
  checkNames(inside ?? [], name);
  if (inside && layer.class_name !== 'Sequential') {
    // Connections know layers by this name alone; TensorFlow.js looks forever for one that has none.
    inside.forEach((inner, i) => {
      const at = `${where}.config.layers[${i}]`;
      const { name: own = inner.name } = inner.config;
      if (typeof inner.name !== 'string') throw malformed(`${at}.name`, 'a name', inner.name);
      if (own !== inner.name) throw malformed(`${at}.config.name`, `the layer's name, ${show(inner.name)},`, own);
    });
    const order = connect(layer, inside, name);
    if (!Array.isArray(layer.config)) layer.config.layers = order;
  }
  // What TimeDistributed and Bidirectional wrap.
  if (typeof layer.config.layer === 'object' && layer.config.layer !== null) {
    checkLayer(asLayer(layer.config.layer, `${where}.config.layer`), `${where}.config.layer`);
  }
}

const AXES = ['axis', 'axes', 'shared_axes', 'dims'];
/** No tensor of TensorFlow.js has as many. */
const MOST_AXES = 16;

/** TensorFlow.js puts sizes into lists at these places, and then goes through the whole list. */
function checkAxes(config: Config, where: string): void {
  for (const key of AXES) {
    for (const axis of [config[key]].flat(2) as unknown[]) {
      if (typeof axis === 'number' && Math.abs(axis) > MOST_AXES)
        throw malformed(`${where}.config.${key}`, `axes up to ${MOST_AXES}`, String(axis));
    }
  }
}

function takenName(name: string): InputError {
  const fix = 'rename the layer';
  return new InputError(
    'layer-name',
    `a layer is called ${show(name)}, which TensorFlow.js cannot keep apart; ${fix}`,
    {
      where: name,
      wanted: 'another name',
      found: name,
      fix,
    },
  );
}

/** Connections and weights know layers by name. */
function checkNames(layers: readonly FileLayer[], where: string): void {
  const seen = new Set<unknown>();
  for (const layer of layers) {
    const name = layer.name ?? layer.config.name;
    // TensorFlow.js keeps layers as properties of plain objects, where these names are taken.
    if (typeof name === 'string' && name in {}) throw takenName(name);
    if (name !== undefined && seen.has(name)) {
      throw new InputError(
        'layer-duplicate',
        `two layers in ${show(where)} are called ${show(String(name))}; export the model again`,
        { where, wanted: 'a name for each layer', found: `${String(name)} twice`, fix: 'export the model again' },
      );
    }
    seen.add(name);
  }
}

const CONNECTIONS = ['inboundNodes', 'inputLayers', 'outputLayers'];

/**
 * Python's spelling to tfjs-layers': keys and values in camel case, except names. In connections, layers' names come first.
 */
function toCamelCase(value: unknown, key = ''): unknown {
  const camel = (text: string) =>
    text.length > 1 ? text.replace(/_+(\w|$)/g, (_, next: string) => next.toUpperCase()) : text;
  if (typeof value === 'string') return key === 'name' || key === 'className' ? value : camel(value);
  if (Array.isArray(value)) {
    return value.map((item: unknown, i) =>
      CONNECTIONS.includes(key) && i === 0 && typeof item === 'string'
        ? item
        : toCamelCase(item, key === 'name' ? '' : key),
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [camel(name), toCamelCase(inner, camel(name))]),
  );
}
