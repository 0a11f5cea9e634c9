import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draft, type Json, put } from '../../../packages/formats/testing/hostile/drafts.js';
import { espalierMany, scratch, tinyModel } from './testing.js';

const dir = scratch();
const data = join(dir, 'data.mjs');
writeFileSync(
  data,
  `const part = (n, from) => ({ x: Float32Array.from({ length: 4 * n }, (_, i) => Math.cos(i + from)), y: Int32Array.from({ length: n }, (_, i) => i % 3), shape: [4], classes: 3 });
   export default { train: part(60, 0), test: part(30, 1000) };`,
);
const shardsOf = (folder: string) =>
  Buffer.concat(
    readdirSync(folder)
      .filter((name) => name.endsWith('.bin'))
      .map((name) => readFileSync(join(folder, name))),
  );

describe('weights that are not finite', () => {
  // A NaN that says something, −∞ where it makes a unit that is always 0.
  const words = new Uint32Array(Float32Array.from({ length: 51 }, (_, i) => Math.sin(i + 1)).buffer);
  const broken = words.slice();
  broken[3] = 0x7f800001;
  broken[9] = 0xffc12345;
  const dead = words.slice();
  dead[24] = 0xff800000;
  const nan = tinyModel(dir, 'nan', undefined, new Uint8Array(broken.buffer));
  const infinite = tinyModel(dir, 'infinite', undefined, new Uint8Array(dead.buffer));

  test('are refused by every command, with nothing written', () => {
    const runs = espalierMany([
      ['inspect', nan],
      ['prune', nan, '-o', join(dir, 'no')],
      ['compare', infinite, '--data', data, '-o', join(dir, 'no')],
      ['sensitivity', infinite, '--data', data],
      ['bench', nan],
      ['pack', nan, '-o', join(dir, 'no.espalier')],
      ['convert', nan, '-o', join(dir, 'no.safetensors')],
      ['validate', nan],
    ]);
    for (const { code, stderr } of runs) {
      expect(code).toBe(3);
      expect(stderr).toMatch(/weight 'fc1\/(kernel|bias)': wanted finite values, found NaN or an infinity at index/);
    }
    expect(readdirSync(dir).filter((name) => name.startsWith('no'))).toEqual([]);
  });

  test('are left alone where they are kept, and come out bit for bit', () => {
    const keep = ['--non-finite', 'keep'];
    const outs = ['cpu', 'wasm', 'structured'].map((name) => join(dir, `kept-${name}`));
    const packed = join(dir, 'kept.espalier');
    const runs = espalierMany([
      ['prune', nan, '-o', outs[0], '--backend', 'cpu', '--json', ...keep],
      ['prune', nan, '-o', outs[1], '--sparsity', '1', ...keep],
      ['prune', infinite, '-o', outs[2], '--strategy', 'structured', ...keep],
      ['inspect', nan, ...keep],
      ['pack', outs[0], '-o', packed, '--values', 'int8', ...keep],
      ['unpack', packed, '-o', join(dir, 'unpacked'), ...keep],
      ['convert', outs[0], '-o', join(dir, 'kept.safetensors'), ...keep],
      ['convert', join(dir, 'kept.safetensors'), '-o', join(dir, 'again.safetensors'), ...keep],
      ['convert', join(dir, 'kept.safetensors'), '-o', join(dir, 'never.safetensors')],
      ['validate', join(dir, 'again.safetensors'), ...keep],
      [
        'compare',
        infinite,
        '--data',
        data,
        '-o',
        join(dir, 'report'),
        '--sparsities',
        '0.5',
        '--strategies',
        'unstructured',
        '--runs',
        '2',
        '--json',
        ...keep,
      ],
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 0]);
    const reason = { id: 'fc1/kernel', reason: { code: 'not-finite', text: 'holds NaN or infinities' } };
    expect(runs[0].json()).toMatchObject({ skipped: [reason], layers: [{ id: 'fc2/kernel', size: 18, kept: 9 }] });
    expect(runs[2].stderr).toContain('runs through fc1/bias, which holds NaN or infinities');
    expect(runs[3].stdout).toContain('holds NaN or infinities');
    expect(runs[3].stderr).toContain("left alone, as they hold NaN or infinities: 'fc1/kernel'");
    expect(runs[10].json().rows).toHaveLength(1);
    const original = Buffer.from(broken.buffer);
    for (const out of [outs[0], outs[1], join(dir, 'unpacked')])
      expect(shardsOf(out).subarray(0, 96).equals(original.subarray(0, 96))).toBe(true);
    const second = new Float32Array(new Uint8Array(shardsOf(outs[1])).buffer).subarray(30, 48);
    // A sparsity of 1 leaves one weight.
    expect([...second].filter((w) => w === 0)).toHaveLength(17);
  });
});

describe('names that a terminal or a page would obey', () => {
  const nasty = '\u001b[2J\u009b31m\u202e<script>alert(1)</script>&"\'';
  const obeyed = /[^\P{Cc}\n\t]|\p{Bidi_Control}/u;

  const graph = () => {
    const d = draft('graph');
    for (const node of d.topology.node as Json[]) {
      node.name = `${nasty}${node.name}`;
      node.input = node.input.map((name: string) => `${nasty}${name}`);
    }
    for (const spec of d.weights) spec.name = `${nasty}${spec.name}`;
    return put(join(dir, 'graph'), d);
  };
  const layers = () =>
    tinyModel(dir, 'layers', ({ modelTopology }) => {
      modelTopology.config.name = nasty;
      modelTopology.config.layers.splice(1, 0, {
        class_name: 'Activation',
        config: { name: nasty, activation: 'relu' },
      });
    });

  const pairs = join(dir, 'pairs.mjs');
  writeFileSync(pairs, readFileSync(data, 'utf8').replaceAll('4 * n', '2 * n').replaceAll('[4]', '[2]'));

  test('are escaped in what is printed, in pages and in figures', () => {
    const [g, l] = [graph(), layers()];
    const wrong = draft('graph');
    wrong.weights[0].name = nasty;
    wrong.topology.node[2].op = nasty;
    const w = put(join(dir, 'wrong'), wrong);
    const odd = join(dir, `${nasty.replaceAll('/', '')}.espalier`);
    writeFileSync(odd, 'x');
    const figure = join(dir, 'figure.svg');
    const report = join(dir, 'named');
    mkdirSync(report);
    const runs = espalierMany([
      ['inspect', g],
      ['inspect', g, '--json'],
      ['inspect', g, '--histogram', '--figure', figure],
      // TensorFlow.js takes no layers of such names.
      ['inspect', l],
      ['prune', g, '-o', join(dir, 'pruned')],
      ['prune', g, '-o', join(dir, 'emptied'), '--sparsity', '1', '--json'],
      ['pack', g, '-o', join(dir, 'named.espalier')],
      ['validate', w],
      ['validate', w, '--json'],
      ['validate', odd],
      ['compare', g, '--data', pairs, '-o', report, '--sparsities', '0.5', '--runs', '2'],
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 3, 0, 0, 0, 3, 3, 3, 0]);
    for (const { stdout, stderr } of runs) expect(`${stdout}${stderr}`).not.toMatch(obeyed);
    expect(JSON.stringify(runs[1].json())).toContain('script');
    const written = [
      figure,
      ...readdirSync(report)
        .filter((name) => /\.(svg|html)$/.test(name))
        .map((name) => join(report, name)),
    ];
    for (const path of written) {
      const text = readFileSync(path, 'utf8');
      expect(text).not.toContain('<script>alert');
      expect(text).not.toMatch(/[^\P{Cc}\n\t\r]/u);
    }
    expect(written.length).toBeGreaterThan(2);
  });
});
