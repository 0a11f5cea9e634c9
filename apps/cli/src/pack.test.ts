import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { espalier, readJson, scratch, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');
const weights = (folder: string) => {
  const [{ paths }] = readJson(join(folder, 'model.json')).weightsManifest as { paths: string[] }[];
  return Buffer.concat(paths.map((path) => readFileSync(join(folder, path))));
};

describe('pack and unpack', () => {
  test('a model comes back byte for byte, and every command reads the file', () => {
    const [file, out] = [join(dir, 'tiny.espalier'), join(dir, 'back')];
    const run = espalier(['pack', tiny, '-o', file, '--json']);
    expect(run.code).toBe(0);
    const summary = run.json();
    expect(summary.file).toEqual({ path: file, bytes: statSync(file).size });
    expect(summary.tensors.map((t: { name: string }) => t.name)).toEqual([
      'fc1/kernel',
      'fc1/bias',
      'fc2/kernel',
      'fc2/bias',
    ]);
    expect(espalier(['unpack', file, '-o', out]).code).toBe(0);
    expect(weights(out).equals(weights(tiny))).toBe(true);
    expect(readJson(join(out, 'model.json')).modelTopology).toEqual(readJson(join(tiny, 'model.json')).modelTopology);
    expect(espalier(['inspect', file, '--json']).json()).toMatchObject({ params: 51 });
    expect(espalier(['prune', file, '-o', join(dir, 'pruned'), '--sparsity', '0.5', '--json']).json()).toMatchObject({
      params: { kept: 30 },
    });
    expect(espalier(['validate', file]).stdout).toMatch(/^valid: layers-model in espalier, 4 weights/);
  });

  test('prune ends with the command that packs what it wrote', () => {
    const out = join(dir, 'to be packed');
    const last = espalier(['prune', tiny, '-o', out, '--sparsity', '0.9']).stdout.trim().split('\n').at(-1)!;
    expect(last).toContain(`espalier pack '${out}' -o '${out}.espalier'`);
    expect(espalier(['pack', out, '-o', `${out}.espalier`]).code).toBe(0);
    expect(espalier(['prune', tiny, '-o', out, '--dry-run']).stdout).not.toContain('espalier pack');
  });

  test('the table says what each tensor takes', () => {
    const run = espalier(['pack', tiny, '-o', join(dir, 'table.espalier'), '--values', 'int8']);
    expect(run.stdout).toMatch(/fc1\/kernel +24 +100\.0% +dense +0 B +int8/);
    expect(run.stdout).toMatch(/brotli -11/);
  });

  test.each([
    ['an extension that is none', ['pack', tiny, '-o', join(dir, 'x.bin')], 2, '.espalier'],
    ['no output', ['pack', tiny], 2, '--out'],
    ['unknown values', ['pack', tiny, '-o', join(dir, 'x.espalier'), '--values', 'int3'], 2, 'int3'],
    [
      'too many bits',
      ['pack', tiny, '-o', join(dir, 'x.espalier'), '--values', 'codebook', '--codebook-bits', '9'],
      2,
      'from 1 to 8',
    ],
    [
      'bits without a codebook',
      ['pack', tiny, '-o', join(dir, 'x.espalier'), '--codebook-bits', '4'],
      2,
      '--values codebook',
    ],
    ['a folder in the way', ['pack', tiny, '-o', join(dir, 'folder.espalier')], 4, 'a folder is in the way'],
    ['no model', ['pack', join(dir, 'nothing'), '-o', join(dir, 'x.espalier')], 3, 'nothing there'],
    [
      'a topology for a model.json',
      ['convert', tiny, '-o', join(dir, 'x'), '--topology', tiny],
      2,
      'is for safetensors',
    ],
    ['values for a folder', ['convert', tiny, '-o', join(dir, 'x'), '--values', 'int8'], 2, 'name.espalier'],
  ])('%s', (_name, args, code, message) => {
    tinyModel(dir, 'folder.espalier');
    const run = espalier(args);
    expect(run.stderr).toContain(message);
    expect([run.code, run.stdout]).toEqual([code, '']);
    expect(existsSync(join(dir, 'x.espalier')) || existsSync(join(dir, 'x'))).toBe(false);
  });
});

describe('with data', () => {
  test('accuracy of what was and of what was written', () => {
    const file = join(dir, 'int4.espalier');
    const run = espalier(['pack', 'lenet-300-100', '-o', file, '--values', 'int4', '--data', 'mnist']);
    expect(run.code).toBe(0);
    const [, before, packed] = /accuracy (\d+\.\d+)% → (\d+\.\d+)% packed, on mnist, test part/.exec(run.stdout)!;
    expect(Number(before)).toBe(97.55);
    expect(Number(packed)).toBeGreaterThan(97);
  });

  test('shared values are trained, which mends some of what sharing costs', () => {
    const [file, pruned] = [join(dir, 'trained.espalier'), join(dir, 'pruned-lenet')];
    expect(espalier(['prune', 'lenet-300-100', '-o', pruned, '--sparsity', '0.5']).code).toBe(0);
    const values = ['--values', 'codebook', '--codebook-bits', '1'];
    const args = [...values, '--data', 'mnist', '--fine-tune', '1', '--batch', '256', '--json'];
    const run = espalier(['pack', pruned, '-o', file, ...args]);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/fine-tune 6 shared values loss/);
    const { accuracy, testedOn, tensors } = run.json();
    expect(testedOn).toBe('mnist, test part');
    expect(accuracy.untrained).toBeLessThan(accuracy.before);
    expect(accuracy.packed).toBeGreaterThan(accuracy.untrained + 0.5);
    // What was pruned stays pruned.
    const sum = (of: 'kept' | 'elements') =>
      tensors
        .filter(({ name }: { name: string }) => name.endsWith('kernel'))
        .reduce((total: number, tensor: Record<string, number>) => total + tensor[of], 0);
    expect(sum('kept') / sum('elements')).toBeCloseTo(0.5, 3);
  });

  test.each([
    ['epochs without a codebook', ['--values', 'int8', '--fine-tune', '1', '--data', 'mnist'], 2, '--values codebook'],
    ['epochs without data', ['--values', 'codebook', '--fine-tune', '1'], 2, '--fine-tune needs data'],
    ['a rate without epochs', ['--values', 'codebook', '--lr', '0.1'], 2, '--lr is for --fine-tune'],
    ['data of another model', ['--data', 'mnist'], 3, 'tells 3 classes apart'],
  ])('%s', (_name, args, code, message) => {
    const file = join(dir, 'no.espalier');
    const run = espalier(['pack', tiny, '-o', file, ...args]);
    expect(run.stderr).toContain(message);
    expect([run.code, run.stdout, existsSync(file)]).toEqual([code, '', false]);
  });
});

describe('validate', () => {
  test.each<[string, (bytes: Buffer) => Buffer, string]>([
    [
      'a byte that changed',
      (b) => Buffer.concat([b.subarray(0, -9), Buffer.of(b[b.length - 9] ^ 1), b.subarray(-8)]),
      'compact-checksum',
    ],
    ['a byte too few', (b) => b.subarray(0, -1), 'compact-truncated'],
    ['a byte too many', (b) => Buffer.concat([b, Buffer.of(0)]), 'compact-trailing'],
    ['another file', () => Buffer.from('PK'), 'compact-magic'],
  ])('%s is exit code 3', (_name, change, code) => {
    const file = join(dir, 'broken.espalier');
    espalier(['pack', tiny, '-o', file]);
    writeFileSync(file, change(readFileSync(file)));
    const run = espalier(['validate', file, '--json']);
    expect(run.code).toBe(3);
    expect(run.json().error).toMatchObject({ code });
    expect(run.json().error.message).toContain('broken.espalier');
  });

  test('weights that are not those of the layers, layers that are none', () => {
    const missing = tinyModel(dir, 'missing', (json) => json.weightsManifest[0].weights.pop(), new Uint8Array(4 * 48));
    const unknown = tinyModel(dir, 'unknown', (json) => (json.modelTopology.config.layers[1].class_name = 'Lambda'));
    for (const model of [missing, unknown]) expect(espalier(['validate', model]).code).toBe(3);
    expect(espalier(['validate', tiny]).code).toBe(0);
    expect(espalier(['validate', tiny, '--json']).json()).toMatchObject({ valid: true, weights: 4 });
  });

  test('NaN is refused, and kept where asked to', () => {
    const bytes = new Float32Array(51).fill(1);
    bytes[7] = NaN;
    const model = tinyModel(dir, 'nan', undefined, new Uint8Array(bytes.buffer));
    expect(espalier(['validate', model]).code).toBe(3);
    expect(espalier(['validate', model, '--non-finite', 'keep']).code).toBe(0);
    const file = join(dir, 'nan.espalier');
    expect(espalier(['pack', model, '-o', file]).code).toBe(3);
    expect(existsSync(file)).toBe(false);
    expect(espalier(['pack', model, '-o', file, '--non-finite', 'keep']).code).toBe(0);
    expect(espalier(['unpack', file, '-o', join(dir, 'nan-back'), '--non-finite', 'keep']).code).toBe(0);
    expect(weights(join(dir, 'nan-back')).equals(weights(model))).toBe(true);
  });
});

test('convert goes round through all three kinds of file', () => {
  const at = (name: string) => join(dir, name);
  const steps = [
    [tiny, at('round.safetensors')],
    [at('round.safetensors'), at('round.espalier')],
    [at('round.espalier'), at('shards.safetensors'), '--shard-bytes', '64'],
    [at('shards.safetensors.index.json'), at('one.safetensors')],
    [at('one.safetensors'), at('round')],
  ];
  for (const [from, to, ...rest] of steps)
    expect(espalier(['convert', from, '-o', to, ...rest])).toMatchObject({ code: 0 });
  expect(weights(at('round')).equals(weights(tiny))).toBe(true);
  expect(readdirSync(dir).filter((name) => name.startsWith('shards-'))).toHaveLength(4);
});
