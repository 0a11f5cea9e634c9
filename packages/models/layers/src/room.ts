import { InputError, show, sizeOf } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type AddWeight = (
  this: { readonly name: string },
  name: string,
  shape: readonly number[],
  ...rest: unknown[]
) => unknown;
type MakeTensor = (values: unknown, shape: readonly number[], ...rest: unknown[]) => unknown;

/** TensorFlow.js has no tensors of more axes; a place far beyond them makes an array that is only long. */
const MOST_AXES = 6;
const FIX = 'export the model again, topology and weights together';

/**
 * Builds a model whose weights may have `room` values together. A topology of a few bytes can ask for any number of them, and
 * TensorFlow.js makes them all before anybody can compare them with those of the file.
 *
 * Throws an InputError with code 'weight-shape' before a weight, or a state of a recurrent layer, is made that does not fit.
 */
export function withinRoom<T>(room: number, build: () => T): T {
  if (room === Infinity) return build();
  const layer = tfl.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const engine = tf.engine() as unknown as { makeTensor: MakeTensor };
  const { addWeight } = layer;
  const { makeTensor } = engine;
  let left = room;
  layer.addWeight = function (name, shape, ...rest) {
    left -= valuesIn(shape);
    if (!(left >= 0)) throw tooLarge(`weight ${show(`${this.name}/${name}`)}`, shape, room);
    return addWeight.call(this, name, shape, ...rest);
  };
  engine.makeTensor = (values, shape, ...rest) => {
    if (valuesIn(shape) > room) throw tooLarge('a tensor of the topology', shape, room);
    return makeTensor.call(engine, values, shape, ...rest);
  };
  try {
    return build();
  } finally {
    layer.addWeight = addWeight;
    engine.makeTensor = makeTensor;
  }
}

const valuesIn = (shape: readonly number[] | undefined) =>
  (shape?.length ?? 0) > MOST_AXES ? Infinity : sizeOf(shape ?? []);

function tooLarge(what: string, shape: readonly number[], room: number): InputError {
  const [wanted, found] = [
    `at most ${room} values, as many as the file can bring`,
    shape.length > MOST_AXES ? `${shape.length} axes` : `[${shape.join(', ')}]`,
  ];
  return new InputError('weight-shape', `${what}: wanted ${wanted}, found ${found}; ${FIX}`, {
    where: what,
    wanted,
    found,
    fix: FIX,
  });
}
