import type { Param } from '@espalier/core';
import { InputError, show } from '@espalier/core';
import type { Variable } from '@tensorflow/tfjs-core';
import type { layers, LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';

type Layer = layers.Layer;

export interface Weight {
  readonly param: Param;
  readonly layer: Layer;
  readonly variable: Variable;
}

const innerLayers = (layer: Layer): Layer[] =>
  'layers' in layer ? (layer as unknown as { layers: Layer[] }).layers : [];

/** Every layer with weights of its own, those inside nested models included. */
export function leafLayers(model: { readonly layers: Layer[] }): Layer[] {
  return model.layers.flatMap((layer) =>
    innerLayers(layer).length > 0 ? leafLayers({ layers: innerLayers(layer) }) : [layer],
  );
}

/** Every weight of the model, in the model's order. */
export function weightsOf(model: LayersModel): Weight[] {
  const owners = new Map(leafLayers(model).flatMap((layer) => layer.weights.map((weight) => [weight, layer] as const)));
  const seen = new Set<string>();
  return model.weights.map((weight) => {
    const id = weight.originalName;
    if (seen.has(id)) {
      throw new InputError(
        'weight-duplicate',
        `two weights of the model are called ${show(id)}; rename one of the layers`,
        { where: id },
      );
    }
    seen.add(id);
    const layer = owners.get(weight);
    // The value of a LayerVariable is the variable that training assigns to.
    return { param: describe(weight, layer), layer: layer!, variable: weight.read() as Variable };
  });
}

const BATCH_NORM = new Set(['gamma', 'beta', 'moving_mean', 'moving_variance']);
const KERNELS = new Set(['kernel', 'depthwise_kernel', 'pointwise_kernel', 'recurrent_kernel', 'embeddings']);

function describe(weight: LayerVariable, layer: Layer | undefined): Param {
  const id = weight.originalName;
  const name = id.slice(id.lastIndexOf('/') + 1);
  const shape = weight.shape.map((n) => n ?? 0);
  const className = layer?.getClassName() ?? 'unknown';
  const base = { id, shape, trainable: weight.trainable && !name.startsWith('moving_') };
  if (BATCH_NORM.has(name)) return { ...base, inAxis: -1, role: 'norm', uses: 0, skip: `${name} of a normalisation` };
  if (!KERNELS.has(name) || shape.length < 2) {
    return {
      ...base,
      inAxis: -1,
      role: 'bias',
      uses: 0,
      skip: name === 'bias' ? 'a bias' : `${show(name)} is no kernel`,
    };
  }
  const skip = skipReason(name, className);
  return {
    ...base,
    inAxis: inAxisOf(name, className, shape.length),
    role: 'kernel',
    uses: usesOf(name, className, layer),
    ...(skip && { skip }),
  };
}

function skipReason(name: string, className: string): string | undefined {
  if (name === 'embeddings') return 'an embedding is looked up, not multiplied';
  return className === 'unknown' ? 'its layer is not known' : undefined;
}

function inAxisOf(name: string, className: string, rank: number): number {
  // A depthwise kernel [h, w, in, mult] sums over no inputs; transposed convolutions are [h, w, out, in].
  if (name === 'depthwise_kernel') return -1;
  return className.endsWith('Transpose') ? rank - 1 : rank - 2;
}

/** Multiplications per weight and sample, over every place where the layer is applied. */
function usesOf(name: string, className: string, layer: Layer | undefined): number | null {
  if (name === 'embeddings') return 0;
  let uses = 0;
  for (const node of layer?.inboundNodes ?? []) {
    const shapes = className.endsWith('Transpose') || isRecurrent(className) ? node.inputShapes : node.outputShapes;
    const sizes = positionsOf(className, [shapes].flat()[0] as (number | null)[] | number, layer!);
    if (sizes === undefined || sizes.some((n) => n === null)) return null;
    uses += (sizes as number[]).reduce((a, b) => a * b, 1);
  }
  return uses;
}

const isRecurrent = (className: string) => /^(SimpleRNN|GRU|LSTM|Bidirectional|RNN)$/.test(className);

/** The sizes of the axes that a kernel is applied along; undefined where that is not known. */
function positionsOf(
  className: string,
  shape: (number | null)[] | number,
  layer: Layer,
): (number | null)[] | undefined {
  if (!Array.isArray(shape)) return undefined;
  if (isRecurrent(className)) return [shape[1]];
  const channelsFirst = (layer.getConfig() as { dataFormat?: string }).dataFormat === 'channelsFirst';
  if (/^(Dense|TimeDistributed|(Separable|Depthwise)?Conv[123]D(Transpose)?)$/.test(className)) {
    return channelsFirst && className !== 'Dense' ? shape.slice(2) : shape.slice(1, -1);
  }
  return undefined;
}
