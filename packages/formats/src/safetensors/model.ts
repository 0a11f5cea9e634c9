import type { io } from '@tensorflow/tfjs-core';
import { show } from '@espalier/core';
import { joinWeights, modelFields, toManifest } from '../model-json/artifacts.js';
import { halvesToFloats } from '../kit/half.js';
import { checkDocument } from '../model-json/document.js';
import { parseJson } from '../kit/json.js';
import { READ_DEFAULTS } from '../kit/limits.js';
import { refuse } from '../kit/refuse.js';
import type { Safetensors, SafetensorsTensor } from './tensors.js';
import { checkWeights, sliceWeights } from '../model-json/weights.js';

type Spec = io.WeightsManifestEntry;

/** The metadata key that holds the model without its weights, so that a file made from a model gives it back. */
const MODEL_KEY = 'espalier.model';
const SUBJECT = 'the model to convert';
const DTYPES: Record<string, string> = {
  float32: 'F32',
  int32: 'I32',
  bool: 'BOOL',
  complex64: 'C64',
  uint8: 'U8',
  uint16: 'U16',
  float16: 'F16',
};
const dtypeOf = ({ dtype, quantization }: Spec) => quantization?.dtype ?? dtype;

/** A model as safetensors: each weight as it is stored, and everything else of the model in the metadata. */
export function toSafetensors(artifacts: io.ModelArtifacts, nonFinite: 'refuse' | 'keep' = 'refuse'): Safetensors {
  const weights = joinWeights(artifacts.weightData);
  const model = JSON.stringify(modelFields(artifacts));
  const specs = specsOf(model, SUBJECT);
  checkWeights(specs, weights, SUBJECT, nonFinite);
  const tensors = sliceWeights(specs, weights).map((bytes, i): SafetensorsTensor => {
    const spec = specs[i];
    if (spec.dtype === 'string') return { name: spec.name, dtype: 'U8', shape: [bytes.length], bytes };
    return { name: spec.name, dtype: DTYPES[dtypeOf(spec)], shape: spec.shape, bytes };
  });
  return { metadata: { format: 'tfjs', [MODEL_KEY]: model }, tensors };
}

const documentOf = (model: string, where: string) =>
  checkDocument(toManifest(parseJson(model, where, READ_DEFAULTS)), where);
const specsOf = (model: string, where: string) => documentOf(model, where).artifacts.weightSpecs!;

export interface FromOptions {
  /** A model whose topology, weight names and shapes the tensors are for, where the file brings none. */
  readonly topology?: io.ModelArtifacts;
  readonly nonFinite?: 'refuse' | 'keep';
}

/**
 * The model in safetensors: its own, where it was written from one, else that of `topology`, whose weights are looked up by
 * name; F64 and BF16 become float32, F16 stays float16. InputErrors: 'safetensors-topology', 'weights-missing',
 * 'weights-extra', 'weight-shape', 'weight-dtype', and those of a model.json.
 */
export function fromSafetensors(
  { metadata, tensors }: Safetensors,
  where: string,
  options: FromOptions = {},
): io.ModelArtifacts {
  const own = Object.hasOwn(metadata, MODEL_KEY) ? metadata[MODEL_KEY] : undefined;
  const artifacts =
    options.topology ?? (own === undefined ? undefined : documentOf(own, `${where}: metadata`).artifacts);
  if (!artifacts) {
    return refuse(
      'safetensors-topology',
      where,
      'the topology of a model',
      'weights alone',
      'give a model.json of the same layers',
    );
  }
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const isOwn = !options.topology;
  const restored = artifacts.weightSpecs!.map((spec) => {
    const tensor = byName.get(spec.name);
    byName.delete(spec.name);
    if (tensor) return isOwn ? asStored(spec, tensor, where) : converted(spec, tensor, where);
    return refuse(
      'weights-missing',
      where,
      `weight ${show(spec.name)}`,
      'none of that name',
      'use tensors of this model',
    );
  });
  const [extra] = byName.keys();
  if (extra !== undefined) {
    refuse('weights-extra', where, "the model's weights and no others", show(extra), 'use tensors of this model');
  }
  const weightSpecs = restored.map(({ spec }) => spec);
  const weightData = joinWeights(restored.map(({ bytes }) => bytes.slice().buffer as ArrayBuffer));
  checkWeights(weightSpecs, weightData, where, options.nonFinite);
  return { ...artifacts, weightSpecs, weightData: weightData.slice().buffer };
}

interface Restored {
  readonly spec: Spec;
  readonly bytes: Uint8Array;
}

const FIX = 'use tensors of this model';
const text = (shape: readonly number[]) => `[${shape.join(', ')}]`;

function asStored(spec: Spec, { dtype, shape, bytes }: SafetensorsTensor, file: string): Restored {
  const where = `${file}: weight ${show(spec.name)}`;
  const wanted = spec.dtype === 'string' ? 'U8' : DTYPES[dtypeOf(spec)];
  if (dtype !== wanted) refuse('weight-dtype', where, wanted, dtype, FIX);
  if (spec.dtype !== 'string') checkShape(spec, shape, where);
  return { spec, bytes };
}

function checkShape(spec: Spec, shape: readonly number[], where: string): void {
  if (spec.shape.length === shape.length && spec.shape.every((n, i) => n === shape[i])) return;
  refuse('weight-shape', where, text(spec.shape), text(shape), FIX);
}

/** A tensor for a weight of a model, whatever the model stored it as. */
function converted(
  { name, dtype: wanted, shape: wantedShape }: Spec,
  tensor: SafetensorsTensor,
  file: string,
): Restored {
  const where = `${file}: weight ${show(name)}`;
  const spec: Spec = { name, dtype: wanted, shape: wantedShape };
  checkShape(spec, tensor.shape, where);
  const { dtype } = tensor;
  const bytes = tensor.bytes.slice();
  if (DTYPES[wanted] === dtype) return { spec, bytes };
  if (wanted === 'float32') {
    const floats = floatsOf(dtype, bytes);
    if (floats) return { spec, bytes: new Uint8Array(floats.buffer) };
  }
  return refuse('weight-dtype', where, DTYPES[wanted] ?? wanted, dtype, 'convert the tensor first');
}

function floatsOf(dtype: string, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> | undefined {
  if (dtype === 'F64') return Float32Array.from(new Float64Array(bytes.buffer));
  if (dtype === 'F16') return halvesToFloats(new Uint16Array(bytes.buffer)) as Float32Array<ArrayBuffer>;
  if (dtype !== 'BF16') return undefined;
  const words = new Uint16Array(bytes.buffer);
  const out = new Uint32Array(words.length);
  for (let i = 0; i < out.length; i++) out[i] = words[i] << 16;
  return new Float32Array(out.buffer);
}
