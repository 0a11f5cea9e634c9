import { type Geometry, isProduct, pixelsOf } from '@espalier/kernels-kit';
import { type Pattern, tightest } from '../pattern.js';
import {
  chunkOf,
  down,
  LANES,
  TILE_PIXELS,
  tileCode,
  tileKey,
  tileUniforms,
  tileVariables,
  type TileShader,
} from '../shaders/tile.js';
import type { Format } from './format.js';
import { grouped } from './grouped.js';
import { columnsOf } from './lists.js';
import { alphaOf, finishOf, integers, runFlat } from './program.js';
import { sliced } from './sliced.js';

interface Kind {
  readonly name: string;
  readonly outputs: 1 | 4;
  readonly regular: boolean;
}

/** A share above which N:M saves nothing worth its indices. */
const LARGEST_SHARE = 0.75;

const patternFor = ({ outputs }: Kind, pattern: Pattern) => tightest(outputs === 1 ? pattern.kept : pattern.keptBlocks);

/** Weights, or blocks of them, that one pixel is multiplied by, padding not counted. */
function stepsOf(kind: Kind, pattern: Pattern): number {
  if (!kind.regular) return kind.outputs === 1 ? pattern.nonzeros : pattern.blocks;
  const { keep, group } = patternFor(kind, pattern);
  return Math.ceil(pattern.inputs / group) * keep * columnsOf(pattern, kind.outputs);
}

/** 32 outputs, or blocks, for each half of a workgroup of 64, and up to 256 where there are so many. */
function acrossOf(columns: number, outputs: 1 | 4): number {
  const most = outputs === 1 ? 256 : 64;
  let across = LANES;
  while (across < most && across < columns) across *= 2;
  return across;
}

/** The kernels with a tile of inputs in workgroup memory. */
const tiled = (kind: Kind): Format => ({
  name: kind.name,
  fits: (pattern, geometry) => {
    if (kind.regular) {
      const { keep, group } = patternFor(kind, pattern);
      if (keep === 0 || keep > LARGEST_SHARE * group) return false;
    }
    // Numbers of pixels, weights and steps are 32-bit integers in the kernel.
    return pixelsOf(geometry) * Math.max(pattern.inputs, pattern.outputs) < 2 ** 31;
  },
  // A block of four takes one index and one input for four products; a list that is not regular is padded.
  cost: (pattern) => stepsOf(kind, pattern) * (kind.outputs === 4 ? 4.4 : 1.5) * (kind.regular ? 1 : 1.2),
  key: (geometry) => `${kind.name} ${chunkOf(isProduct(geometry))}`,
  // Each slice is as long as its longest list, which is no longer than all inputs.
  bytes: (pattern) => 4 * kind.outputs * pattern.inputs * Math.ceil(columnsOf(pattern, kind.outputs) / LANES) * LANES,
  encode(matrix, pattern, geometry) {
    const chunk = chunkOf(isProduct(geometry));
    if (!kind.regular) return sliced(matrix, kind.outputs, chunk);
    return grouped(matrix, kind.outputs, chunk, patternFor(kind, pattern));
  },
  run(gpu, { tensors, steps }, pattern, call, output) {
    const { geometry } = call;
    const product = isProduct(geometry);
    const columns = columnsOf(pattern, kind.outputs);
    const shader: TileShader = { ...kind, product, across: acrossOf(columns, kind.outputs), finish: finishOf(call) };
    const slices = Math.ceil(columns / LANES);
    const groups = Math.ceil(pixelsOf(geometry) / TILE_PIXELS) * Math.ceil((slices * LANES) / shader.across);
    const variableNames = tileVariables(shader);
    const program = {
      variableNames,
      variableComponents: variableNames.map((name) => (name === 'Weights' ? kind.outputs : 1)),
      uniforms: tileUniforms,
      workgroupSize: [shader.across, down(shader), 1] as [number, number, number],
      dispatch: [groups, 1, 1] as [number, number, number],
      shaderKey: tileKey(shader),
      getUserCode: () => tileCode(shader),
    };
    const chunks = Math.ceil(pattern.inputs / chunkOf(product));
    const sizes = [pixelsOf(geometry), pattern.inputs, pattern.outputs, slices, chunks, ...steps, ...places(geometry)];
    return runFlat(gpu, program, call, tensors, [...integers(sizes), alphaOf(call.activation)], output);
  },
});

const places = (g: Geometry) => [
  g.inHeight,
  g.inWidth,
  g.inChannels,
  g.outHeight,
  g.outWidth,
  g.kernelWidth,
  g.strideHeight,
  g.strideWidth,
  g.dilationHeight,
  g.dilationWidth,
  g.top,
  g.left,
];

/** Zeros anywhere. */
export const unstructured = tiled({ name: 'unstructured', outputs: 1, regular: false });
/** Four neighbouring outputs share their zeros. */
export const blocks = tiled({ name: 'blocks-4x1', outputs: 4, regular: false });
/** At most N of every M consecutive inputs, for each output by itself. */
export const groups = tiled({ name: 'n:m', outputs: 1, regular: true });
/** At most N of every M consecutive inputs, the same for four neighbouring outputs or more. */
export const wideGroups = tiled({ name: 'n:m-vector', outputs: 4, regular: true });
