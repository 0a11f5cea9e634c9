import { InputError, show } from '@espalier/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { graphOf, isModel, type Layer, nodesOf, type Shape } from './tfjs.js';

/** The shapes that one call of a layer takes and gives, the batch included. */
export interface Call {
  readonly input: Shape;
  readonly output: Shape;
}

/**
 * How often, and on what shapes, each layer runs when the model runs once: on the shapes that it was built for, or with the one input
 * of this shape, batch first. Throws an InputError with code 'input-shape' where a layer can make nothing of that.
 */
export function callsOf(model: LayersModel, inputShape?: readonly number[]): Map<Layer, Call[]> {
  const calls = new Map<Layer, Call[]>();
  if (inputShape) follow(model, [[model.inputs[0].shape[0], ...inputShape.slice(1)]], calls);
  else note(model, calls);
  return calls;
}

const add = (calls: Map<Layer, Call[]>, layer: Layer, call: Call) =>
  calls.set(layer, [...(calls.get(layer) ?? []), call]);

function note(model: LayersModel, calls: Map<Layer, Call[]>): void {
  for (const { outboundLayer: layer, inputTensors, outputTensors } of nodesOf(model)) {
    if (isModel(layer)) note(layer, calls);
    else add(calls, layer, { input: inputTensors[0].shape, output: outputTensors[0].shape });
  }
}

/** The shapes of the outputs, from those of the inputs. */
function follow(model: LayersModel, inputs: readonly Shape[], calls: Map<Layer, Call[]>): Shape[] {
  const graph = graphOf(model);
  const shapes = new Map<number, Shape>(graph.inputs.map(({ id }, i) => [id, inputs[i]]));
  for (const { outboundLayer: layer, inputTensors, outputTensors } of nodesOf(model)) {
    // The node of an input gives what it is given, and is there already.
    const given = inputTensors.map(({ id }) => shapes.get(id)!);
    const made = shapes.has(outputTensors[0].id)
      ? outputTensors.map(({ id }) => shapes.get(id)!)
      : isModel(layer)
        ? follow(layer, given, calls)
        : outputShapesOf(layer, given);
    for (const [i, { id }] of outputTensors.entries()) shapes.set(id, made[i]);
    if (!isModel(layer)) add(calls, layer, { input: given[0] ?? made[0], output: made[0] });
  }
  return graph.outputs.map(({ id }) => shapes.get(id)!);
}

function outputShapesOf(layer: Layer, given: readonly Shape[]): Shape[] {
  const asked = given.length === 1 ? given[0] : given;
  let made: Shape | Shape[];
  try {
    made = layer.computeOutputShape(asked as number[]) as Shape | Shape[];
  } catch (error) {
    throw impossible(layer, error instanceof Error ? error.message : String(error), error);
  }
  const shapes = (Array.isArray(made[0]) ? made : [made]) as Shape[];
  const empty = shapes.find((shape) => shape.some((size) => size !== null && size < 1));
  if (empty) throw impossible(layer, `an output of [${empty.map((size) => size ?? '?').join(', ')}]`);
  return shapes;
}

function impossible({ name: where }: Layer, found: string, cause?: unknown): InputError {
  const wanted = 'an input shape that every layer can take';
  const message = `the model needs ${wanted}; layer ${show(where)} gives: ${show(found)}`;
  return new InputError('input-shape', message, { where, wanted, found, cause });
}
