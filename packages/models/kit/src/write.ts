import * as tf from '@tensorflow/tfjs-core';
import { InputError } from '@espalier/core';

/** Assigns values to a variable; throws an InputError with code 'param-values' for another number of them. */
export function writeVariable(id: string, variable: tf.Variable, values: Float32Array): void {
  if (values.length === variable.size) {
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape, 'float32')));
    return;
  }
  const [wanted, found] = [`${variable.size} values`, String(values.length)];
  throw new InputError('param-values', `'${id}' takes ${wanted}, got ${found}`, { where: id, wanted, found });
}
