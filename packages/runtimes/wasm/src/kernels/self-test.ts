import { type Call, type Geometry, internalsMoved, pixelsOf, product } from '@espalier/kernels-kit';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { offsetOf } from './activation.js';
import { FORMATS } from './formats.js';
import { type Heap, OutOfMemory } from './heap.js';
import { patternOf } from './pattern.js';
import { runFormat } from './run-format.js';
import type { ScratchSpace } from './scratch.js';

const [INPUTS, OUTPUTS] = [64, 64];

/** Whole panels, and a remainder of each width. */
const ROWS = [1, 4, 8, 16, 224];

/** Engines compile WebAssembly again, and better, once it has run for a while. */
const WARM_MS = 2;

/** Runs every kernel in the backend's memory, checks the sums, and goes on until the engine has compiled them well. */
export async function selfTest(heap: Heap, space: ScratchSpace): Promise<void> {
  const weights = Float32Array.from({ length: INPUTS * OUTPUTS }, (_, i) => ((i * 7) % 11 < 4 ? ((i * 5) % 9) - 4 : 0));
  const pattern = patternOf(weights, OUTPUTS);
  const matrix = { read: () => weights, inputs: INPUTS, outputs: OUTPUTS };
  try {
    for (const format of FORMATS) {
      const encoded = format.encode(heap, matrix, pattern);
      try {
        for (const rows of ROWS) {
          const geometry = product(rows, INPUTS, OUTPUTS);
          const needs = format.needs(geometry);
          const run = (call: Call) => runFormat(heap, space, format, encoded, needs, call);
          if (format.fits(pattern, geometry)) check(heap, format.name, geometry, weights, run);
        }
      } finally {
        heap.free(encoded.offset);
      }
    }
  } catch (error) {
    throw error instanceof OutOfMemory ? internalsMoved('wasm', 'it is out of memory') : error;
  }
  await new Promise((resolve) => setTimeout(resolve, 5)); // Compilation runs beside us.
}

function check(
  heap: Heap,
  name: string,
  geometry: Geometry,
  weights: Float32Array,
  compute: (call: Call) => TensorInfo,
): void {
  const rows = pixelsOf(geometry);
  const values = Float32Array.from({ length: rows * INPUTS }, (_, i) => ((i * 3) % 7) - 3);
  const { backend } = heap;
  const x = backend.makeOutput([rows, INPUTS], 'float32', undefined, values);
  const activation = { name: 'linear' } as const;
  const run = () => compute({ geometry, x, bias: undefined, activation, outShape: [rows, OUTPUTS] });
  try {
    const out = run();
    const at = offsetOf(heap, out) >>> 2;
    const got = heap.floats().slice(at, at + rows * OUTPUTS);
    backend.disposeData(out.dataId);
    // Small whole numbers: any order of adding gives the same.
    const wrong = got.some((sum, i) => sum !== dot(values, weights, Math.floor(i / OUTPUTS), i % OUTPUTS));
    if (wrong) throw internalsMoved('wasm', `the ${name} kernel's results are wrong in its memory`);
    for (const start = performance.now(); performance.now() - start < WARM_MS;) backend.disposeData(run().dataId);
  } finally {
    backend.disposeData(x.dataId);
  }
}

function dot(x: Float32Array, weights: Float32Array, row: number, output: number): number {
  let sum = 0;
  for (let k = 0; k < INPUTS; k++) sum += x[row * INPUTS + k] * weights[k * OUTPUTS + output];
  return sum;
}
