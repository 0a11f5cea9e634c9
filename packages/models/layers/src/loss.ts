import { customLoss, type LossFunction, namedLoss, type ResolvedLoss } from '@espalier/adapter-kit';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { classOf, configOf, graphOf, isModel, type Layer } from './tfjs.js';

/** The loss that the model was compiled with, if it has a name here or is a function. */
export function compiledLoss({ loss }: LayersModel): ResolvedLoss | undefined {
  if (typeof loss === 'string') return namedLoss(loss);
  return typeof loss === 'function' ? customLoss(loss as LossFunction) : undefined;
}

/** Whether nothing follows the last sum of products. */
export function endsLinear({ layers, outputs }: LayersModel): boolean {
  const { activation } = layers[layers.length - 1].getConfig();
  return outputs.length === 1 && (activation === undefined || activation === 'linear');
}

/** Whether the one output is a softmax over its last axis, as an activation or as a layer. */
export function endsInSoftmax(model: LayersModel): boolean {
  const { outputLayers } = graphOf(model);
  if (outputLayers.length !== 1) return false;
  const last: Layer = outputLayers[0];
  if (isModel(last)) return endsInSoftmax(last);
  const { activation, axis, dataFormat } = configOf(last);
  if (classOf(last) === 'Softmax') return axis === -1 || axis === model.outputs[0].rank - 1;
  return activation === 'softmax' && dataFormat !== 'channelsFirst';
}
