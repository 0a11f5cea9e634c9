import { InputError, show } from '@espalier/core';
import type { Config } from './tfjs.js';

/** A layer as files have it: `{ class_name, config, name?, inbound_nodes? }`. */
export interface FileLayer extends Config {
  readonly class_name: string;
  readonly config: Config;
}

/** The classes that hold layers. */
export const CONTAINERS = ['Sequential', 'Functional', 'Model'];

export function malformed(where: string, wanted: string, value: unknown): InputError {
  const found = typeof value === 'string' ? value : value === null ? 'null' : typeof value;
  return new InputError('topology-invalid', `${where}: wanted ${wanted}, found ${show(found)}`, {
    where,
    wanted,
    found,
  });
}

export function asLayer(value: unknown, where: string): FileLayer {
  if (typeof value !== 'object' || value === null) throw malformed(where, 'an object', value);
  const { class_name: className, config } = value as Config;
  if (typeof className !== 'string') throw malformed(`${where}.class_name`, 'the name of a class', className);
  if (typeof config !== 'object' || config === null) throw malformed(`${where}.config`, 'an object', config);
  return value as FileLayer;
}

/** The layers of a container; Keras 1 wrote a Sequential's in place of its configuration. */
export function layersIn({ class_name: className, config }: FileLayer, where: string): FileLayer[] | undefined {
  if (!CONTAINERS.includes(className)) return undefined;
  const layers = Array.isArray(config) ? config : config.layers;
  if (!Array.isArray(layers)) throw malformed(`${where}.config.layers`, 'an array', layers);
  return layers.map((layer, i) => asLayer(layer, `${where}.config.layers[${i}]`));
}
