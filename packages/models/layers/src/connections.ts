import { InputError, show } from '@espalier/core';
import { type FileLayer, layersIn, malformed } from './file-layer.js';

type Reference = readonly [layer: string, node: number, ...rest: unknown[]];

interface Call {
  readonly layer: string;
  readonly needs: readonly Reference[];
  /** Where its layer is in the list. */
  readonly place: number;
  /** How many of its inputs are not there yet. */
  missing: number;
  /** How often TensorFlow.js goes through the list before it makes the call. */
  pass: number;
}

/** TensorFlow.js goes through all layers again for every one that is listed before what it needs. */
const MOST_PASSES = 50;

const nameOf = (layer: FileLayer) => String(layer.name ?? layer.config.name);

/**
 * Connects the layers on paper, each call as soon as its inputs are there. What is then left over waits for itself, or for
 * nothing, and TensorFlow.js would look for it forever. Answers with the layers: in another order where TensorFlow.js would take a
 * time that grows with the square of their number.
 *
 * Throws an InputError with code 'layer-connection' or 'topology-invalid'.
 */
export function connect(model: FileLayer, layers: readonly FileLayer[], where: string): readonly FileLayer[] {
  const { made, calls } = callsOf(layers, where);
  const isThere = ([layer, node]: Reference) => node < made.get(layer)!;
  for (const call of calls) checkReferences(call.needs, call.layer, made, where);
  const ready = inOrder(made, calls);
  if (ready.length < calls.length) {
    const { layer, needs } = calls.find(({ missing }) => missing > 0)!;
    throw dangling(where, layer, needs.find((reference) => !isThere(reference))![0]);
  }
  for (const end of ['input_layers', 'output_layers']) {
    checkReferences(model.config[end], end, made, where);
    const missing = (model.config[end] as Reference[]).find((reference) => !isThere(reference));
    if (missing) throw dangling(where, end, missing[0]);
  }
  if (ready.every(({ pass }) => pass <= MOST_PASSES)) return layers;
  const places = new Set([...layers.keys()].filter((place) => !layers[place].inbound_nodes));
  layers.forEach((layer, place) => (layer.inbound_nodes as unknown[] | undefined)?.length === 0 && places.add(place));
  for (const { place } of ready) places.add(place);
  return [...places].map((place) => layers[place]);
}

/** The calls of all layers, and how often each layer has been called before any of them is made. */
function callsOf(layers: readonly FileLayer[], where: string) {
  const made = new Map<string, number>();
  const calls: Call[] = [];
  layers.forEach((layer, place) => {
    const name = nameOf(layer);
    // Inputs and models bring a call of their own.
    made.set(name, layer.class_name === 'InputLayer' || layersIn(layer, where) ? 1 : 0);
    const inbound: unknown = layer.inbound_nodes ?? [];
    if (!Array.isArray(inbound)) throw malformed(connectionsOf(name, where), 'an array', inbound);
    for (const needs of inbound as Reference[][]) {
      // Called with nothing, a layer has no output, and TensorFlow.js makes no call.
      if (!Array.isArray(needs) || needs.length > 0) calls.push({ layer: name, needs, place, missing: 0, pass: 0 });
    }
  });
  return { made, calls };
}

const connectionsOf = (layer: string, where: string) => `the connections of ${show(layer)} in ${show(where)}`;

function checkReferences(references: unknown, of: string, made: ReadonlyMap<string, number>, where: string): void {
  if (!Array.isArray(references)) throw malformed(connectionsOf(of, where), 'an array', references);
  for (const reference of references as Reference[]) {
    if (!Array.isArray(reference) || !made.has(reference[0])) throw dangling(where, of, reference?.[0]);
    const node: unknown = reference[1];
    if (!Number.isInteger(node) || (node as number) < 0)
      throw malformed(connectionsOf(of, where), 'the number of a call', node);
  }
}

/** The calls that can be made, in an order in which each finds its inputs. */
function inOrder(made: Map<string, number>, calls: readonly Call[]): Call[] {
  const keyOf = (layer: string, node: unknown) => `${String(node)} ${layer}`;
  const waiting = new Map<string, Call[]>();
  const ready: Call[] = [];
  for (const call of calls) {
    for (const [layer, node] of call.needs) {
      if (node < made.get(layer)!) continue;
      call.missing++;
      const key = keyOf(layer, node);
      const others = waiting.get(key);
      if (others) others.push(call);
      else waiting.set(key, [call]);
    }
    if (call.missing === 0) ready.push(call);
  }
  for (const { layer, place, pass } of ready) {
    const node = made.get(layer)!;
    made.set(layer, node + 1);
    for (const call of waiting.get(keyOf(layer, node)) ?? []) {
      call.pass = Math.max(call.pass, pass + (place > call.place ? 1 : 0));
      if (--call.missing === 0) ready.push(call);
    }
  }
  return ready;
}

function dangling(where: string, layer: string, found: unknown): InputError {
  return new InputError(
    'layer-connection',
    `${show(layer)} in ${show(where)} is connected to ${show(String(found))}, which is not there or waits for it in turn; export the model again`,
    { where: layer, wanted: 'a layer in front of it', found: String(found), fix: 'export the model again' },
  );
}
