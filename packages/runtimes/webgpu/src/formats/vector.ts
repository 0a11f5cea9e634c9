import { isProduct, pixelsOf } from '@espalier/kernels-kit';
import {
  COLUMNS,
  SHARERS,
  vectorCode,
  vectorKey,
  type VectorShader,
  vectorUniforms,
  vectorVariables,
} from '../shaders/vector.js';
import { compressed } from './compressed.js';
import type { Format } from './format.js';
import { columnsOf } from './lists.js';
import { alphaOf, finishOf, integers, runFlat } from './program.js';

/** With more rows than this a tile of inputs serves several of them. */
const MOST_ROWS = 8;

/** The kernels for products of few rows, which read the inputs where they are. */
const vector = (name: string, outputs: 1 | 4): Format => ({
  name,
  fits: (_, geometry) => isProduct(geometry) && pixelsOf(geometry) <= MOST_ROWS,
  // Below the tiles, where it fits: it pads nothing, and has more threads for the same outputs.
  cost: (pattern) => (outputs === 1 ? 1.2 * pattern.nonzeros : 4.2 * pattern.blocks),
  key: () => name,
  bytes: ({ nonzeros, blocks: found }) => 4 * Math.max(nonzeros, 4 * found),
  encode: (matrix) => compressed(matrix, outputs),
  run(gpu, { tensors }, pattern, call, output) {
    const rows = pixelsOf(call.geometry);
    const columns = columnsOf(pattern, outputs);
    const shader: VectorShader = { outputs, finish: finishOf(call) };
    const variableNames = vectorVariables(shader);
    const program = {
      variableNames,
      variableComponents: variableNames.map((variable) => (variable === 'Weights' ? outputs : 1)),
      uniforms: vectorUniforms,
      workgroupSize: [SHARERS, COLUMNS, 1] as [number, number, number],
      dispatch: [Math.ceil(columns / COLUMNS) * rows, 1, 1] as [number, number, number],
      shaderKey: vectorKey(shader),
      getUserCode: () => vectorCode(shader),
    };
    const uniforms = [...integers([rows, pattern.inputs, pattern.outputs, columns]), alphaOf(call.activation)];
    return runFlat(gpu, program, call, tensors, uniforms, output);
  },
});

export const unstructuredVector = vector('unstructured-vector', 1);
export const blocksVector = vector('blocks-4x1-vector', 4);
