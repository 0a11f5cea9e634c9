import { type EspalierError, InputError, isEspalierError, show } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
// Registers the layer classes, and the gradients of TensorFlow.js's ops.
import '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { withinRoom } from './room.js';
import { type Config, copyOf, graphOf } from './tfjs.js';

type FromConfig = (cls: unknown, config: Config, customObjects: object, zeroWeights: boolean) => LayersModel;

/** The classes that are registered with TensorFlow.js: its own, and what programs add. */
export const isRegistered = (name: string) =>
  Object.hasOwn(tf.serialization.SerializationMap.getMap().classNameMap, name);

/**
 * A model of the class from its configuration in camel case, its weights zero. It borrows nothing of the configuration.
 * `room` is how many values its weights may have together, and each tensor on the way.
 *
 * If it cannot be built, no variable is left behind, and an InputError with code 'topology-invalid' says what TensorFlow.js
 * says.
 * says.
 */
export function buildModel(className: string, config: Config, room = Infinity): LayersModel {
  const before = new Set(Object.keys(tf.engine().registeredVariables));
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
    return model!;
  } catch (error) {
    for (const [name, variable] of Object.entries(tf.engine().registeredVariables)) {
      if (!before.has(name)) variable.dispose();
    }
    throw invalid(error);
  }
}

export function invalid(error: unknown): EspalierError {
  if (isEspalierError(error)) return error;
  const found = error instanceof Error ? error.message : String(error);
  return new InputError('topology-invalid', `TensorFlow.js cannot build the model: ${show(found).slice(1, -1)}`, {
    where: 'modelTopology',
    found,
    cause: error,
  });
}
