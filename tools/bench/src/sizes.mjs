// The zoo's LeNets on disk: dense, 2:4 and single weights, exact and quantised, beside gzip and brotli of the same model, and each
// tensor's coded bytes beside its order-0 entropy. Everything is counted: topology, header, scales, codebooks, tables, checksums.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adaptLayers, loadLayersModel, toArtifacts } from '@espalier/adapter-layers';
import { prune } from '@espalier/core';
import { compressedSizes, decodeEspalier, encodeWithReport, readModel, writeModel } from '@espalier/format';
import { enableTraining } from '@espalier/kernels-wasm/training';
import { accuracy } from '@espalier/measure';
import { magnitude } from '@espalier/scorer-magnitude';
import { nm } from '@espalier/strategy-nm';
import { unstructured } from '@espalier/strategy-unstructured';
import { cosine, fineTune } from '@espalier/train';
import { ZOO } from '@espalier/zoo';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { digits } from './digits.mjs';
import { machine, publish, wantedGroup } from './harness.mjs';

const NETS = ['lenet-300-100', 'lenet-5'];
const ROWS = [
  { label: 'dense' },
  { label: '2:4', strategy: nm({ keep: 2, group: 4, tail: 'dense' }), sparsity: 0.5 },
  ...[0.8, 0.9, 0.95, 0.98].map((sparsity) => ({ label: `${100 * sparsity}%`, strategy: unstructured(), sparsity })),
];
const FORMS = [
  { label: 'exact', values: 'float32' },
  { label: 'int8', values: 'int8' },
  { label: 'int4', values: 'int4' },
  { label: 'codebook', values: 'codebook', codebookBits: 5 },
];
const EPOCHS = 3;
const LEARNING_RATE = 3e-3;

/** model.json and shards as they are, by gzip -9 and by brotli -11, each file for itself. */
async function plainSizes(artifacts) {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-sizes-'));
  try {
    return await compressedSizes((await writeModel(dir, artifacts)).map(({ path }) => path));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const isKernel = ({ name }) => /kernel/.test(name);
const sum = (list, of) => list.reduce((total, item) => total + of(item), 0);

function partsOf({ bytes, headerBytes, tensors }) {
  const kernels = tensors.filter(isKernel);
  const biases = tensors.filter((t) => !isKernel(t));
  const parts = {
    positions: sum(kernels, (t) => t.positionBytes),
    values: sum(kernels, (t) => t.valueBytes - t.tableBytes),
    tables: sum(kernels, (t) => t.tableBytes),
    biases: sum(biases, (t) => t.positionBytes + t.valueBytes),
    header: headerBytes,
  };
  return { ...parts, records: bytes.length - sum(Object.values(parts), (size) => size) };
}

/** Coded bytes and the bound under them. Zeros that are coded among the values have no bytes of their own. */
const over = (bytes, entropy) => (entropy > 0 ? bytes / entropy - 1 : 0);
const part = (bytes, entropy) => ({ bytes, entropy, over: over(bytes, entropy) });
/** A histogram of few draws has less entropy than what they were drawn from; by how much is added here. */
const overSource = (bytes, entropy, bias) => ({ bias, overSource: over(bytes, entropy + bias) });
function tensorOf({ name, elements, kept, positions, values, positionBytes, valueBytes, tableBytes, entropy }) {
  const symbols = valueBytes - tableBytes;
  const apart = positions !== 'dense' || kept === elements;
  return {
    ...{ name, elements, kept, forms: `${positions}, ${values}` },
    ...(apart && { positions: part(positionBytes, entropy.positions), values: part(symbols, entropy.values) }),
    both: part(positionBytes + symbols, entropy.positions + entropy.values),
    ...overSource(positionBytes + symbols, entropy.positions + entropy.values, entropy.bias),
    tables: tableBytes,
  };
}

function allOf(tensors) {
  const total = (of) => sum(tensors, of);
  const [bytes, entropy] = [total((t) => t.both.bytes), total((t) => t.both.entropy)];
  return {
    name: 'all kernels',
    both: part(bytes, entropy),
    ...overSource(
      bytes,
      entropy,
      total((t) => t.bias),
    ),
    tables: total((t) => t.tables),
  };
}

async function sizesOf(net) {
  const rows = [];
  const { artifacts, files } = await readModel(ZOO[net].dir);
  const denseShard = sum(
    files.filter(({ path }) => path.endsWith('.bin')),
    ({ bytes }) => bytes,
  );
  for (const { label, strategy, sparsity } of ROWS) {
    console.error(`  ${net} ${label} …`);
    const model = adaptLayers(await loadLayersModel(artifacts));
    const inputShape = model.model.inputs[0].shape.slice(1);
    const [train, held] = [await digits(false, inputShape), (await digits(true, inputShape))(0, 0)];
    if (strategy) {
      const { handle } = await prune(model, { scorer: magnitude(), strategy, sparsity });
      const data = (epoch) => train(1, epoch);
      const rate = cosine(LEARNING_RATE);
      await fineTune(model, { data, inputShape, epochs: EPOCHS, learningRate: rate, seed: 0, handles: [handle] });
      handle.makePermanent();
    }
    const pruned = await toArtifacts(model.model);
    model.dispose();
    for (const { label: form, ...options } of FORMS) {
      const encoded = encodeWithReport(pruned, options);
      const decoded = decodeEspalier(encoded.bytes);
      const loaded = adaptLayers(await loadLayersModel(decoded));
      rows.push({
        ...{ pruned: label, form },
        error: 100 - (await accuracy((x) => loaded.predict(x), held, { inputShape })),
        ...(await plainSizes(decoded)),
        compact: encoded.bytes.length,
        smaller: denseShard / encoded.bytes.length,
        parts: partsOf(encoded),
        tensors: encoded.tensors.filter(isKernel).map(tensorOf),
      });
      loaded.dispose();
    }
  }
  return { net, denseShard, rows };
}

function print({ net, denseShard, rows }) {
  const line = (head, cells) => console.error(`  ${head}${cells.map((c) => String(c).padStart(11)).join('')}`);
  const percent = (x) => `${(100 * x).toFixed(1)}%`;
  console.error(
    `\n  ${net}: bytes on disk of all files of the model, with these very values; the dense shard alone is ${denseShard}`,
  );
  line(' '.repeat(17), ['raw', 'gzip -9', 'brotli -11', 'compact', 'of dense', 'error']);
  for (const r of rows) {
    const cells = [r.raw, r.gzip, r.brotli, r.compact, `1/${r.smaller.toFixed(1)}`, `${r.error.toFixed(2)}%`];
    line(`${r.pruned.padEnd(7)}${r.form.padEnd(10)}`, cells);
  }
  console.error(`\n  ${net}: the parts of the compact file; records are lengths, forms and checksums`);
  line(' '.repeat(17), ['positions', 'values', 'tables', 'biases', 'header', 'records']);
  for (const { pruned, form, parts: p } of rows) {
    line(`${pruned.padEnd(7)}${form.padEnd(10)}`, [p.positions, p.values, p.tables, p.biases, p.header, p.records]);
  }
  console.error(
    `\n  ${net}: each kernel's positions and values beside their order-0 entropy, together where zeros are coded among the values; 'of source' adds what the histograms of so few draws miss (Miller, 1955)`,
  );
  const heads = [
    'positions',
    'entropy',
    'over',
    'values',
    'entropy',
    'over',
    'both',
    'entropy',
    'over',
    'of source',
    'tables',
  ];
  line(' '.repeat(32), heads);
  for (const { pruned, form, tensors } of rows) {
    for (const t of [...tensors, allOf(tensors)]) {
      const cells = (p) => (p ? [p.bytes, Math.round(p.entropy), p.bytes > 0 ? percent(p.over) : '–'] : ['', '', '']);
      line(`${pruned.padEnd(7)}${form.padEnd(10)}${t.name.padEnd(15)}`, [
        ...cells(t.positions),
        ...cells(t.values),
        ...cells(t.both),
        percent(t.overSource),
        t.tables,
      ]);
    }
  }
}

tf.env().set('PROD', true);
await tf.setBackend('wasm');
enableTraining();
const nets = [];
for (const net of NETS.filter(wantedGroup)) {
  const result = await sizesOf(net);
  nets.push(result);
  print(result);
}
publish({
  name: 'sizes',
  what: "the zoo's LeNets on disk, bytes",
  unit: 'bytes',
  cases: {},
  nets,
  machine: machine(),
});
