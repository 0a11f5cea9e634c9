import { internalsMoved, product } from '@espalier/kernels-kit';
import { upload } from './formats/format.js';
import { unstructured } from './formats/tiled.js';
import { unstructuredVector } from './formats/vector.js';
import { type Gpu, poisoned, valuesOf } from './gpu.js';
import { patternOf } from './pattern.js';

const [ROWS, INPUTS, OUTPUTS] = [3, 12, 8];

/**
 * Runs one kernel of each kind on small whole numbers, of which any order of adding gives the same. A backend whose inside has moved
 * reports wrong programs on the console alone, and returns whatever was in memory.
 */
export async function selfTest(gpu: Gpu): Promise<void> {
  const values = Float32Array.from({ length: INPUTS * OUTPUTS }, (_, i) => {
    const [k, m] = [Math.floor(i / OUTPUTS), i % OUTPUTS];
    return (k + (m >> 2)) % 4 < 2 ? ((i * 5) % 9) - 4 : 0;
  });
  const pattern = patternOf(values, OUTPUTS);
  const matrix = { values, inputs: INPUTS, outputs: OUTPUTS };
  const inputs = Float32Array.from({ length: ROWS * INPUTS }, (_, i) => ((i * 3) % 7) - 3);
  const wanted = Float32Array.from({ length: ROWS * OUTPUTS }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < INPUTS; k++)
      sum += inputs[Math.floor(i / OUTPUTS) * INPUTS + k] * values[k * OUTPUTS + (i % OUTPUTS)];
    return Math.max(0, sum);
  });
  const geometry = product(ROWS, INPUTS, OUTPUTS);
  const x = gpu.makeTensorInfo([ROWS, INPUTS], 'float32', inputs);
  const call = { geometry, x, bias: undefined, activation: { name: 'relu' } as const, outShape: [ROWS, OUTPUTS] };
  try {
    for (const format of [unstructured, unstructuredVector]) {
      const encoded = upload(gpu, format.encode(matrix, pattern, geometry));
      const output = poisoned(gpu, ROWS * OUTPUTS);
      try {
        const out = format.run(gpu, encoded, pattern, call, output);
        const got = await valuesOf(gpu, out);
        if (wanted.some((sum, i) => sum !== got[i]))
          throw internalsMoved('webgpu', `the ${format.name} kernel's results are wrong`);
      } finally {
        for (const { dataId } of [...encoded.tensors, output]) gpu.disposeData(dataId);
      }
    }
  } catch (error) {
    if ((error as { name?: string }).name === 'UsageError') throw error;
    throw internalsMoved(
      'webgpu',
      `its programs do not run: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  } finally {
    gpu.disposeData(x.dataId);
  }
}
