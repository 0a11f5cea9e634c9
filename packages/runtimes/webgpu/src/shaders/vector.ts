import { type Finish, finishCode, finishKey, finishVariables } from './activation.js';

/** Threads of a workgroup: so many outputs (or blocks), each by so many threads. */
export const [COLUMNS, SHARERS] = [8, 8];

export interface VectorShader {
  readonly outputs: 1 | 4;
  readonly finish: Finish;
}

export const vectorUniforms = 'rows : i32, inputs : i32, outputs : i32, columns : i32, alpha : f32,';

export const vectorVariables = ({ finish }: VectorShader) => [
  'Inputs',
  'Weights',
  'Indices',
  'Starts',
  ...finishVariables(finish),
];

export const vectorKey = ({ outputs, finish }: VectorShader) => `espalier vector ${outputs} ${finishKey(finish)}`;

/** For a product of few rows: eight threads share the list of one output, or of four that share their zeros. */
export function vectorCode({ outputs, finish }: VectorShader): string {
  const type = outputs === 1 ? 'f32' : 'vec4<f32>';
  const store =
    outputs === 1
      ? 'put(row, column, sum);'
      : [0, 1, 2, 3].map((v) => `put(row, column * 4 + ${v}, sum[${v}]);`).join(' ');
  return `
var<workgroup> parts : array<${type}, ${COLUMNS * SHARERS}>;
${finishCode(finish)}
fn put(row : i32, m : i32, sum : f32) {
  if (row < uniforms.rows && m < uniforms.outputs) { result[row * uniforms.outputs + m] = finish(sum, m); }
}
fn main(index : i32) {
  let wide = (uniforms.columns + ${COLUMNS - 1}) / ${COLUMNS};
  let group = i32((workgroupId.z * numWorkgroups.y + workgroupId.y) * numWorkgroups.x + workgroupId.x);
  let row = group / wide;
  let column = (group % wide) * ${COLUMNS} + i32(localId.y);
  var sum = ${type}(0.0);
  if (column < uniforms.columns && row < uniforms.rows) {
    let end = Starts[column + 1];
    for (var i = Starts[column] + i32(localId.x); i < end; i += ${SHARERS}) {
      sum += Weights[i] * Inputs[row * uniforms.inputs + Indices[i]];
    }
  }
  parts[localIndex] = sum;
  workgroupBarrier();
  if (localId.x == 0u) {
    for (var i = 1u; i < ${SHARERS}u; i++) { sum += parts[localIndex + i]; }
    ${store}
  }
}`;
}
