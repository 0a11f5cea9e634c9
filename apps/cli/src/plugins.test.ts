/** Plug-ins of other people, by path: they prune, show in reports by their name, and are refused where they break the contract. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodePlan } from '@espalier/core';
import { espalier, scratch, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');
const data = join(dir, 'data.mjs');
writeFileSync(
  data,
  `const part = (n, from) => ({ x: Float32Array.from({ length: 4 * n }, (_, i) => Math.cos(i + from)), y: Int32Array.from({ length: n }, (_, i) => i % 3), shape: [4], classes: 3 });
   export default { train: part(60, 0), test: part(30, 1000) };`,
);
writeFileSync(
  join(dir, 'mine.mjs'),
  `const kernels = (model) => model.params.filter(({ role }) => role === 'kernel');
   const sizeOf = ({ shape }) => shape.reduce((a, b) => a * b, 1);
   /** −w·g, summed over the batches: what moves away from zero stays. */
   export default () => ({
     name: 'movement',
     async score({ model, batches }) {
       const sums = new Map();
       for await (const batch of batches()) {
         const { grads } = await model.gradients(batch);
         for (const [id, g] of Object.entries(grads)) {
           const [values, weights] = [await g.data(), await model.read(id)];
           const sum = sums.get(id) ?? new Float32Array(values.length);
           for (let i = 0; i < values.length; i++) sum[i] -= weights[i] * values[i];
           sums.set(id, sum);
           g.dispose();
         }
       }
       return { params: [...sums.keys()], signed: true, read: async (id) => sums.get(id).slice() };
     },
   });
   const scorer = (name, values) => () => ({
     name,
     score: async ({ model }) => ({
       params: kernels(model).map(({ id }) => id),
       read: async (id) => values(sizeOf(model.params.find((param) => param.id === id))),
     }),
   });
   export const negative = scorer('negative', (n) => new Float32Array(n).fill(-1));
   export const short = scorer('short', () => new Float32Array(3));
   export const missing = scorer('missing', (n) => new Float32Array(n).fill(NaN));
   const bits = (length, byte) => {
     const bytes = new Uint8Array(Math.ceil(length / 8)).fill(byte);
     if (length % 8 > 0) bytes[bytes.length - 1] &= (1 << (length % 8)) - 1;
     return { length, bytes };
   };
   /** Keeps every other weight, whatever they are worth. */
   export const halves = ({ scope }) => ({
     name: 'halves' + (scope ?? ''),
     async select({ params }) {
       const open = params.filter(({ role, skip }) => role === 'kernel' && skip === undefined);
       return { params: open.map(({ id }) => id), units: {}, mask: async (id) => bits(sizeOf(open.find((p) => p.id === id)), 0x55) };
     },
   });
   export const greedy = () => ({
     name: 'greedy',
     select: async ({ params }) => ({
       params: params.map(({ id }) => id),
       units: {},
       mask: async (id) => bits(sizeOf(params.find((p) => p.id === id)), 0),
     }),
   });
   export const identity = () => ({
     name: 'identity',
     async repair({ model }, plan) {
       const values = {};
       for (const id of plan.params) values[id] = await model.read(id);
       return { plan, values };
     },
   });`,
);
const run = (...args: string[]) => espalier(args, dir);

test('a scorer, a strategy and a repair by path, in options and in recipes', () => {
  const pruned = run(
    'prune',
    tiny,
    '-o',
    'by-path',
    '--data',
    data,
    '--scorer',
    './mine.mjs',
    '--sparsity',
    '0.5',
    '--json',
  );
  expect(pruned.stderr).not.toContain('error');
  expect(pruned.json()).toMatchObject({ scorer: 'movement', sparsity: { achieved: 0.5 } });
  writeFileSync(
    join(dir, 'recipe.json'),
    JSON.stringify({ model: tiny, data, strategy: './mine.mjs#halves', scope: 'local', repair: 'mine.mjs#identity' }),
  );
  const trained = run('train', 'recipe.json', '-o', 'by-recipe', '--json');
  expect(trained.stderr).not.toContain('error');
  expect(trained.json()).toMatchObject({
    strategy: 'halveslocal',
    repair: 'mine.mjs#identity',
    sparsity: { achieved: 0.5 },
  });
  const plan = decodePlan(new Uint8Array(readFileSync(join(dir, 'by-recipe', 'pruning.plan'))));
  expect(plan.params).toHaveLength(2);
});

test('a report calls them by their names', () => {
  const args = [
    '--strategies',
    'unstructured,./mine.mjs#halves',
    '--scorers',
    'magnitude,./mine.mjs',
    '--sparsities',
    '0.5',
  ];
  const compared = run(
    'compare',
    tiny,
    '--data',
    data,
    '-o',
    'report',
    ...args,
    '--backends',
    'cpu',
    '--runs',
    '2',
    '--json',
  );
  expect(compared.stderr).not.toContain('error');
  expect(
    compared.json().rows.map(({ strategy, scorer }: { strategy: string; scorer: string }) => [strategy, scorer]),
  ).toEqual([
    ['unstructured', 'magnitude'],
    ['unstructured', 'movement'],
    ['halves', 'magnitude'],
    ['halves', 'movement'],
  ]);
});

test.each<[string, string[], number, readonly string[]]>([
  [
    'scores below zero that are not said to be signed',
    ['--scorer', './mine.mjs#negative'],
    3,
    ['negative', 'fc1/kernel'],
  ],
  ['too few scores', ['--scorer', './mine.mjs#short'], 3, ['fc1/kernel', '24', 'got 3']],
  ['scores that are NaN', ['--scorer', './mine.mjs#missing'], 3, ['missing', 'NaN']],
  ['a plan that prunes what is left alone', ['--strategy', './mine.mjs#greedy'], 3, ['greedy', 'bias']],
  ['no such file', ['--scorer', './none.mjs'], 2, ['--scorer', 'found no such thing']],
  ['no such export', ['--repair', './mine.mjs#none', '--data', 'mnist'], 2, ["an export 'none'"]],
])('%s: refused, and nothing is written', (_, args, code, texts) => {
  const refused = run('prune', tiny, '-o', 'never', '--sparsity', '0.5', ...args);
  expect(refused.code).toBe(code);
  for (const text of texts) expect(refused.stderr).toContain(text);
  expect(existsSync(join(dir, 'never'))).toBe(false);
});
