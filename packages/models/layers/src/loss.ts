import { customLoss, type LossFunction, namedLoss, type ResolvedLoss } from '@espalier/adapter-kit';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { kernelOf } from './kernels.js';
import { weightName } from './params.js';
import { classOf, configOf, graphOf, innerLayer, isModel, type Layer } from './tfjs.js';

/** The loss that the model was compiled with, if it has a name here or is a function. */
export function compiledLoss({ loss }: LayersModel): ResolvedLoss | undefined {
  if (typeof loss === 'string') return namedLoss(loss);
  return typeof loss === 'function' ? customLoss(loss as LossFunction) : undefined;
}

/** Layers that hand values on as they are while the model predicts; and the sums and means that are linear without a kernel. */
const FORWARDING = /^(Flatten|Reshape|Permute|RepeatVector|(SpatialDropout1D|(Gaussian|Alpha)?Dropout|GaussianNoise))$/;
const SUMS = /^(Add|Average|BatchNormalization|Rescaling|(Global)?AveragePooling\dD)$/;

/** Whether nothing but what is linear follows the last sum of products on the way to an output. A layer that is not known may do anything. */
export function endsLinear(model: LayersModel, output: number | undefined): boolean {
  return output !== undefined && isLinear(graphOf(model).outputLayers[output]);
}

function isLinear(layer: Layer): boolean {
  if (isModel(layer)) return layer.outputs.length === 1 && endsLinear(layer, 0);
  const { activation = 'linear', recurrentActivation } = configOf(layer);
  if (activation !== 'linear' || recurrentActivation !== undefined) return false;
  const name = classOf(layer);
  if (SUMS.test(name)) return true;
  if (name === 'TimeDistributed') return isLinear(innerLayer(layer)!);
  if (!FORWARDING.test(name) && name !== 'Activation')
    return layer.weights.some(({ originalName }) => kernelOf(layer, weightName(originalName)));
  // A model begins with an input, which no sum has made.
  const [before] = layer.inboundNodes[0]?.inboundLayers ?? [];
  return before !== undefined && isLinear(before);
}

/** Whether an output is a softmax over its last axis, as an activation or as a layer. */
export function endsInSoftmax(model: LayersModel, output: number | undefined): boolean {
  if (output === undefined) return false;
  const last: Layer = graphOf(model).outputLayers[output];
  if (isModel(last)) return endsInSoftmax(last, last.outputs.length === 1 ? 0 : undefined);
  const { activation, axis, dataFormat } = configOf(last);
  if (classOf(last) === 'Softmax') return axis === -1 || axis === model.outputs[output].rank - 1;
  return activation === 'softmax' && dataFormat !== 'channelsFirst';
}
