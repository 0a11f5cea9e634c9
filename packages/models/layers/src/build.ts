import { type EspalierError, InputError, isEspalierError, show } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
// Registers the layer classes, and the gradients of TensorFlow.js's ops.
import '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { withinRoom } from './room.js';
import { type Config, copyOf, graphOf, isModel, nodesOf, variableOf } from './tfjs.js';

type FromConfig = (cls: unknown, config: Config, customObjects: object, zeroWeights: boolean) => LayersModel;

/** The classes that are registered with TensorFlow.js: its own, and what programs add. */
export const isRegistered = (name: string) =>
  Object.hasOwn(tf.serialization.SerializationMap.getMap().classNameMap, name);

/**
 * A model of the class from its configuration in camel case, its weights zero. It borrows nothing of the configuration.
 * `room` is how many values its weights may have together, and each tensor on the way.
 *
 * If it cannot be built, no variable is left behind, and an InputError with code 'topology-invalid' says what TensorFlow.js
 * says. Variables of layers that lead to no output are not left behind either.
 */
export function buildModel(className: string, config: Config, room = Infinity): LayersModel {
  const before = new Set(Object.keys(tf.engine().registeredVariables));
  const disposeAllBut = (kept: ReadonlySet<string>) => {
    for (const [name, variable] of Object.entries(tf.engine().registeredVariables)) {
      if (!before.has(name) && !kept.has(name)) variable.dispose();
    }
  };
  const [cls, fromConfig] = tf.serialization.SerializationMap.getMap().classNameMap[className];
  try {
    // No await from here to the end, so every new variable belongs to this model.
    let model: LayersModel | undefined;
    withinRoom(room, () =>
      tf.tidy(() => {
        model = (fromConfig as unknown as FromConfig)(cls, copyOf(config) as Config, {}, true);
        graphOf(model);
      }),
    );
    checkShapes(model!);
    disposeAllBut(new Set(model!.weights.map((weight) => variableOf(weight).name)));
    return model!;
  } catch (error) {
    disposeAllBut(new Set());
    throw invalid(error);
  }
}

/** TensorFlow.js takes what a configuration says a shape is for one, and computes with it. */
function checkShapes(model: LayersModel): void {
  for (const { outboundLayer: layer, outputTensors } of nodesOf(model)) {
    for (const { shape } of outputTensors as readonly { shape: unknown }[]) {
      if (Array.isArray(shape) && shape.every((size) => size === null || (Number.isInteger(size) && size >= 0)))
        continue;
      const [wanted, found] = ['a list of whole numbers, or null where a size is open', show(JSON.stringify(shape))];
      const fix = 'export the model again';
      throw new InputError(
        'topology-invalid',
        `layer ${show(layer.name)}: wanted an output shape that is ${wanted}, found ${found}; ${fix}`,
        { where: layer.name, wanted, found, fix },
      );
    }
    if (isModel(layer)) checkShapes(layer);
  }
}

const MOST_TEXT = 400;

export function invalid(error: unknown): EspalierError {
  if (isEspalierError(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  // TensorFlow.js may list every tensor of the model.
  const found = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)} …` : text;
  return new InputError('topology-invalid', `TensorFlow.js cannot build the model: ${show(found).slice(1, -1)}`, {
    where: 'modelTopology',
    found,
    cause: error,
  });
}
