import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { espalierMany, readJson, scratch } from './testing.js';

const dir = scratch();
const float = { type: 'DT_FLOAT' };
const shapeOf = (dims: number[]) => ({ shape: { dim: dims.map((size) => ({ size: String(size) })) } });
const constant = (name: string, dims: number[], dtype = 'DT_FLOAT') => ({
  name,
  op: 'Const',
  attr: { value: { tensor: { dtype, tensorShape: shapeOf(dims).shape } }, dtype: { type: dtype } },
});

/** x · w + scalar, with nothing concatenated to it: constants that are scalars, and one without elements. */
function graph(): string {
  const out = join(dir, 'graph');
  mkdirSync(out);
  const node = [
    { name: 'x', op: 'Placeholder', attr: { dtype: float, shape: shapeOf([-1, 8]) } },
    constant('w', [8, 3]),
    constant('scalar', []),
    constant('none', [0, 3]),
    constant('axis', [], 'DT_INT32'),
    {
      name: 'product',
      op: 'MatMul',
      input: ['x', 'w'],
      attr: { T: float, transpose_a: { b: false }, transpose_b: { b: false } },
    },
    { name: 'sum', op: 'AddV2', input: ['product', 'scalar'], attr: { T: float } },
    {
      name: 'out',
      op: 'ConcatV2',
      input: ['sum', 'none', 'axis'],
      attr: { N: { i: '2' }, T: float, Tidx: { type: 'DT_INT32' } },
    },
  ];
  const weights = [
    { name: 'w', shape: [8, 3], dtype: 'float32' },
    { name: 'scalar', shape: [], dtype: 'float32' },
    { name: 'none', shape: [0, 3], dtype: 'float32' },
    { name: 'axis', shape: [], dtype: 'int32' },
  ];
  const json = {
    format: 'graph-model',
    generatedBy: 'a test',
    convertedBy: null,
    modelTopology: { node, versions: {}, library: {} },
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  };
  writeFileSync(join(out, 'model.json'), JSON.stringify(json));
  const floats = Float32Array.from({ length: 25 }, (_, i) => (i % 3 ? 0 : i - 12.5));
  writeFileSync(join(out, 'weights.bin'), Buffer.concat([Buffer.from(floats.buffer), Buffer.alloc(4)]));
  return out;
}

const weightsOf = (folder: string) => {
  const manifest = readJson(join(folder, 'model.json')).weightsManifest as { paths: string[] }[];
  return Buffer.concat(manifest.flatMap(({ paths }) => paths).map((path) => readFileSync(join(folder, path))));
};

test('scalars and tensors without elements go through every command and come back as they were', () => {
  const source = graph();
  const at = (name: string) => join(dir, name);
  const runs = espalierMany([
    ['validate', source],
    ['inspect', source, '--json'],
    ['pack', source, '-o', at('m.espalier')],
    ['pack', source, '-o', at('m8.espalier'), '--values', 'int8'],
    ['pack', source, '-o', at('m4.espalier'), '--values', 'int4'],
    ['pack', source, '-o', at('mc.espalier'), '--values', 'codebook'],
    ['validate', at('m8.espalier')],
    ['validate', at('m4.espalier')],
    ['validate', at('mc.espalier')],
    ['unpack', at('m.espalier'), '-o', at('unpacked')],
    ['convert', at('unpacked'), '-o', at('m.safetensors')],
    ['validate', at('m.safetensors')],
    ['convert', at('m.safetensors'), '-o', at('again.espalier')],
    ['convert', at('again.espalier'), '-o', at('back')],
    ['prune', source, '-o', at('pruned'), '--sparsity', '0.5'],
    ['inspect', at('m8.espalier'), '--json'],
  ]);
  expect(runs.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(runs.map(() => 0));
  expect(weightsOf(at('back')).equals(weightsOf(source))).toBe(true);
  expect(readJson(join(at('back'), 'model.json')).weightsManifest[0].weights).toEqual(
    readJson(join(source, 'model.json')).weightsManifest[0].weights,
  );
});
