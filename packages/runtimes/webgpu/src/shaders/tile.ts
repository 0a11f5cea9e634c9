import { type Finish, finishCode, finishKey, finishVariables } from './activation.js';

/** Columns in a slice: outputs, or blocks of four of them, each with a list of steps. */
export const LANES = 32;

/** Output pixels of a workgroup. */
export const TILE_PIXELS = 16;

/** Inputs in workgroup memory at a time: with the pixels' places within the 16 KB that every device has; an index is one byte. */
export const chunkOf = (product: boolean) => (product ? 256 : 224);

export interface TileShader {
  /** Outputs of one thread: 1, or 4 that share their zeros. */
  readonly outputs: 1 | 4;
  /** Every list has the same number of steps, and the outputs are in order: N:M. */
  readonly regular: boolean;
  /** Pixel p of the output reads row p of the input alone. */
  readonly product: boolean;
  /** Threads along the outputs: 32, 64, 128 or 256. */
  readonly across: number;
  readonly finish: Finish;
}

/** Threads along the pixels. */
export const down = ({ outputs, across }: Pick<TileShader, 'outputs' | 'across'>) =>
  outputs === 4 ? 2 : Math.max(1, 64 / across);

export const tileUniforms =
  'pixels : i32, inputs : i32, outputs : i32, slices : i32, chunks : i32, steps : i32, lastSteps : i32, ' +
  'inHeight : i32, inWidth : i32, inChannels : i32, outHeight : i32, outWidth : i32, kernelWidth : i32, strideHeight : i32, ' +
  'strideWidth : i32, dilationHeight : i32, dilationWidth : i32, top : i32, left : i32, alpha : f32,';

export const tileVariables = ({ regular, finish }: TileShader) => [
  'Inputs',
  'Weights',
  'Indices',
  ...(regular ? [] : ['Starts', 'Order']),
  ...finishVariables(finish),
];

export const tileKey = (shader: TileShader) =>
  `espalier tile ${shader.outputs} ${shader.regular} ${shader.product} ${shader.across} ${finishKey(shader.finish)}`;

/**
 * y = finish(conv(x)): a workgroup has 16 output pixels and `across` · `outputs` outputs. It brings the pixels' inputs into its memory,
 * a chunk at a time, four pixels in a vector; then each thread goes through its list of (input, weight) and adds for its pixels.
 * Lists are in slices of 32 lanes: step s of lane l is at s·32 + l, so that neighbours read neighbouring words, and one word
 * has the inputs of four steps.
 */
export function tileCode(shader: TileShader): string {
  const { outputs, regular, product, across } = shader;
  const [rows, chunk] = [down(shader), chunkOf(product)];
  const quads = TILE_PIXELS / 4 / rows;
  const sums = outputs === 1 ? quads : quads * 4;
  const store =
    outputs === 1
      ? 'put(first + p, m, sums[p / 4][p % 4]);'
      : 'for (var v = 0; v < 4; v++) { put(first + p, m + v, sums[p][v]); }';
  return `
var<workgroup> tile : array<vec4<f32>, ${(chunk * TILE_PIXELS) / 4}>;
${product ? '' : `var<workgroup> places : array<vec4<i32>, ${TILE_PIXELS}>;`}
${finishCode(shader.finish)}
${product ? '' : PLACE}
fn put(p : i32, m : i32, sum : f32) {
  if (p < uniforms.pixels && m < uniforms.outputs) { result[p * uniforms.outputs + m] = finish(sum, m); }
}
fn input(p : i32, corner : i32, k : i32) -> f32 {
  if (p >= uniforms.pixels || k >= uniforms.inputs) { return 0.0; }
  ${product ? 'return Inputs[p * uniforms.inputs + k];' : 'return window(corner, k);'}
}
fn main(index : i32) {
  let wide = (uniforms.slices * ${LANES} + ${across - 1}) / ${across};
  let group = i32((workgroupId.z * numWorkgroups.y + workgroupId.y) * numWorkgroups.x + workgroupId.x);
  let corner = group / wide * ${TILE_PIXELS};
  let thread = (group % wide) * ${across} + i32(localId.x);
  let slice = thread / ${LANES};
  let lane = thread % ${LANES};
  let row = i32(localId.y);
  var sums : array<vec4<f32>, ${sums}>;
  ${product ? '' : `if (i32(localIndex) < ${TILE_PIXELS}) { places[localIndex] = place(corner + i32(localIndex)); }`}
  for (var c = 0; c < uniforms.chunks; c++) {
    workgroupBarrier();
    for (var i = i32(localIndex); i < ${(chunk * TILE_PIXELS) / 4}; i += ${across * rows}) {
      let k = c * ${chunk} + i % ${chunk};
      let p = i / ${chunk} * 4;
      var quad : vec4<f32>;
      for (var j = 0; j < 4; j++) { quad[j] = input(corner + p + j, p + j, k); }
      tile[i] = quad;
    }
    workgroupBarrier();
    if (slice < uniforms.slices) {
${stepsCode(shader, quads)}
    }
  }
  if (slice < uniforms.slices) {
    let m = ${regular ? `thread * ${outputs}` : `Order[thread] * ${outputs}`};
    let first = corner + row * ${quads * 4};
    for (var p = 0; p < ${quads * 4}; p++) { ${store} }
  }
}`;
}

/** What a thread does with its list for the chunk that is in memory. */
function stepsCode({ outputs, regular, product }: TileShader, quads: number): string {
  const chunk = chunkOf(product);
  const add =
    outputs === 1
      ? `sums[q] += w * tile[at + q * ${chunk}];`
      : `let x = tile[at + q * ${chunk}];
            for (var i = 0; i < 4; i++) { sums[4 * q + i] += w * x[i]; }`;
  return `      ${
    regular
      ? `let base = (slice * (uniforms.chunks - 1) + c) * uniforms.steps + slice * uniforms.lastSteps;
      let end = select(uniforms.steps, uniforms.lastSteps, c == uniforms.chunks - 1);`
      : `let base = Starts[slice * uniforms.chunks + c];
      let end = Starts[slice * uniforms.chunks + c + 1] - base;`
  }
      for (var s = 0; s < end; s += 4) {
        let word = bitcast<u32>(Indices[(base + s) / 4 * ${LANES} + lane]);
        for (var j = 0; j < 4; j++) {
          let w = Weights[(base + s + j) * ${LANES} + lane];
          let at = row * ${quads * chunk} + i32((word >> u32(8 * j)) & 255u);
          for (var q = 0; q < ${quads}; q++) {
            ${add}
          }
        }
      }`;
}

const PLACE = `
// The first row of the image among all rows, and the pixel's first input row and column.
fn place(p : i32) -> vec4<i32> {
  let area = uniforms.outHeight * uniforms.outWidth;
  let image = p / area;
  let y = (p - image * area) / uniforms.outWidth;
  let x = p - image * area - y * uniforms.outWidth;
  return vec4<i32>(image * uniforms.inHeight, y * uniforms.strideHeight - uniforms.top, x * uniforms.strideWidth - uniforms.left, 0);
}
fn window(corner : i32, k : i32) -> f32 {
  let at = places[corner];
  let tap = k / uniforms.inChannels;
  let y = at.y + tap / uniforms.kernelWidth * uniforms.dilationHeight;
  let x = at.z + tap % uniforms.kernelWidth * uniforms.dilationWidth;
  if (y < 0 || y >= uniforms.inHeight || x < 0 || x >= uniforms.inWidth) { return 0.0; }
  return Inputs[((at.x + y) * uniforms.inWidth + x) * uniforms.inChannels + k % uniforms.inChannels];
}`;
