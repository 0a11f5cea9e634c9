import type { io } from '@tensorflow/tfjs-core';
import { joinWeights, modelFields, stringify } from './artifacts.js';
import { checkDocument } from './document.js';
import { parseJson } from '../kit/json.js';
import { READ_DEFAULTS } from '../kit/limits.js';
import { checkWeights } from './weights.js';

const SUBJECT = 'the model to write';
const FIX = 'write artifacts as tf.io.withSaveHandler gives them';

/** model.json with its fields in a fixed order, after the checks that the reader makes. */
export function encodeDocument(
  artifacts: io.ModelArtifacts,
  paths: string[],
  weights: Uint8Array,
  nonFinite?: 'refuse' | 'keep',
): Uint8Array {
  const { weights: specs, ...fields } = modelFields(artifacts);
  const document = {
    ...fields,
    generatedBy: fields.generatedBy ?? null,
    convertedBy: fields.convertedBy ?? null,
    weightsManifest: specs.length > 0 ? [{ paths, weights: specs }] : [],
  };
  const text = stringify(document, SUBJECT, FIX);
  const { groups } = checkDocument(parseJson(text, SUBJECT, READ_DEFAULTS), SUBJECT);
  checkWeights(groups[0]?.specs ?? [], weights, SUBJECT, nonFinite);
  return new TextEncoder().encode(text);
}

/**
 * The files of a TensorFlow.js model by name, in memory: model.json and, where there are weights, one shard. The same
 * artifacts give the same bytes. Throws an InputError where they are no valid model.
 */
export function encodeModelFiles(artifacts: io.ModelArtifacts): Record<string, Uint8Array> {
  const weights = joinWeights(artifacts.weightData);
  const shard = 'weights.bin';
  const json = encodeDocument(artifacts, weights.length > 0 ? [shard] : [], weights);
  return { 'model.json': json, ...(weights.length > 0 && { [shard]: weights }) };
}
