import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EspalierError } from '@espalier/core';

/** A folder of its own for each call, removed after the test file. */
export function folder(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'espalier-format-')));
  made.push(dir);
  return dir;
}

const made: string[] = [];
afterAll(() => made.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

/** A dense layer of 2 → 3 with its bias, as TensorFlow.js would save it. */
export function tinyJson() {
  return {
    format: 'layers-model',
    generatedBy: 'a test',
    convertedBy: null as string | null,
    modelTopology: {
      class_name: 'Sequential',
      config: {
        name: 'tiny',
        layers: [
          { class_name: 'Dense', config: { name: 'fc', units: 3, batch_input_shape: [null, 2], dtype: 'float32' } },
        ],
      },
    },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: [
          { name: 'fc/kernel', shape: [2, 3], dtype: 'float32' },
          { name: 'fc/bias', shape: [3], dtype: 'float32' },
        ],
      },
    ],
  };
}

export const TINY_WEIGHTS = Float32Array.of(1, 2, 3, 4, 5, 6, -1, -2, -3);

export const tinyBytes = () => new Uint8Array(TINY_WEIGHTS.slice().buffer);

export const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

/** The tiny model with other weights. */
export const withWeights = (weights: unknown[], paths: unknown = ['weights.bin']) => ({
  ...tinyJson(),
  weightsManifest: [{ paths, weights }],
});

/** Puts a model.json (a value, or the file's own text or bytes) and shards into a new folder. */
export function modelFolder(
  json: unknown = tinyJson(),
  shards: Record<string, Uint8Array> = { 'weights.bin': tinyBytes() },
): string {
  const dir = folder();
  const isText = typeof json === 'string' || json instanceof Uint8Array;
  writeFileSync(join(dir, 'model.json'), isText ? json : JSON.stringify(json));
  for (const [name, bytes] of Object.entries(shards)) writeFileSync(join(dir, name), bytes);
  return dir;
}

/** Class, code and message of the error that a promise rejects with; fails where it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<{ name: string; code: string; message: string }> {
  const error = await promise.then(
    () => {
      throw new Error('expected a rejection');
    },
    (reason: EspalierError) => reason,
  );
  return { name: error.name, code: error.code, message: error.message };
}
