import type { io } from '@tensorflow/tfjs-core';
import { refuse } from '../kit/refuse.js';
import { roomFor } from '../kit/room.js';

/** Everything of a model but its weights, in a fixed order. */
export function modelFields(artifacts: io.ModelArtifacts) {
  const { modelTopology, weightSpecs = [] } = artifacts;
  return {
    // Artifacts made by hand may lack it; a topology with nodes is a graph.
    format: artifacts.format ?? (modelTopology && 'node' in modelTopology ? 'graph-model' : 'layers-model'),
    generatedBy: artifacts.generatedBy ?? undefined,
    convertedBy: artifacts.convertedBy,
    modelTopology,
    trainingConfig: artifacts.trainingConfig,
    userDefinedMetadata: artifacts.userDefinedMetadata,
    signature: artifacts.signature,
    modelInitializer: artifacts.modelInitializer,
    initializerSignature: artifacts.initializerSignature,
    weights: weightSpecs,
  };
}

/** A header's JSON as a model.json without shards, which has the same checks. */
export function toManifest(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  const { weights, ...rest } = json as Record<string, unknown>;
  return { ...rest, weightsManifest: [{ paths: [], weights }] };
}

/** JSON; InputError 'model-invalid' where a field cannot be written so. */
export function stringify(document: object, subject: string, fix: string): string {
  try {
    return JSON.stringify(document);
  } catch (error) {
    return refuse('model-invalid', subject, 'fields that JSON can hold', String(error), fix, error);
  }
}

/** The weights as one run of bytes, whether TensorFlow.js keeps them in one buffer or in several. */
export function joinWeights(data: io.WeightData | undefined): Uint8Array {
  const parts = (Array.isArray(data) ? data : data === undefined ? [] : [data]).map((part) =>
    ArrayBuffer.isView(part) ? new Uint8Array(part.buffer, part.byteOffset, part.byteLength) : new Uint8Array(part),
  );
  if (parts.length === 1) return parts[0];
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const joined = roomFor(size, Infinity, 'the model');
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
