/** Whether data goes into a model and its labels come out of it. */
import type { DataInfo, ModelInfo } from './worker/protocol.js';

export type Misfit =
  | { readonly kind: 'inputs'; readonly wanted: string; readonly found: string }
  | { readonly kind: 'outputs'; readonly wanted: string }
  | { readonly kind: 'labels'; readonly outputs: number; readonly found: number };

type Model = Pick<ModelInfo, 'inputShapes' | 'outputShapes'>;

const product = (shape: readonly (number | null)[]) => shape.reduce<number>((a, b) => a * (b ?? NaN), 1);
const written = (shape: readonly (number | null)[]) => `[${shape.map((n) => n ?? '?').join(', ')}]`;

/** undefined = it fits. */
export function misfit(model: Model, data: Pick<DataInfo, 'shape' | 'classes'>): Misfit | undefined {
  const { inputShapes, outputShapes } = model;
  const [input] = inputShapes;
  if (inputShapes.length !== 1 || product(input) !== product(data.shape)) {
    return { kind: 'inputs', wanted: inputShapes.map(written).join(', '), found: written(data.shape) };
  }
  const [output] = outputShapes;
  if (outputShapes.length !== 1 || output.length !== 1 || output[0] === null || output[0] < 2) {
    return { kind: 'outputs', wanted: outputShapes.map(written).join(', ') };
  }
  return data.classes > output[0] ? { kind: 'labels', outputs: output[0], found: data.classes - 1 } : undefined;
}

/** The shape that samples get, and how many classes come out; undefined where they do not fit. */
export function fitOf(model: Model, data: Pick<DataInfo, 'shape' | 'classes'>) {
  if (misfit(model, data)) return undefined;
  return { inputShape: model.inputShapes[0] as number[], classes: model.outputShapes[0][0]! };
}
