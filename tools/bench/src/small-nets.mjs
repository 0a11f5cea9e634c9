// LeNet-300-100 and LeNet-5 made small: pruned gradually, trained on, their weights shared, and saved as one compact file.
import { adaptLayers, loadLayersModel, toArtifacts } from '@espalier/adapter-layers';
import { cubic, prune } from '@espalier/core';
import { compressedSizes, decodeEspalier, encodeWithReport, readModel } from '@espalier/format';
import { enableTraining } from '@espalier/kernels-wasm/training';
import { accuracy } from '@espalier/measure';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import { cosine, fineTune, shareWeights } from '@espalier/train';
import { ZOO } from '@espalier/zoo';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { digits } from './digits.mjs';
import { machine, publish } from './harness.mjs';

const NETS = [
  { name: 'lenet-300-100', sparsity: 0.95, codebookBits: 5, steps: 6, epochs: 5, last: 36 },
  { name: 'lenet-5', sparsity: 0.97, codebookBits: 4, steps: 4, epochs: 2, last: 10 },
];
/** Weight sharing ends with a few epochs in which the weights of a code move together. */
const SHARED_EPOCHS = 3;
const LEARNING_RATE = 3e-3;
const FORMS = [['float32'], ['float16'], ['int8'], ['int4'], ['codebook', 3], ['codebook', 4], ['codebook', 5]];

async function small({ name, sparsity, codebookBits, steps, epochs, last }) {
  const { artifacts, files } = await readModel(ZOO[name].dir);
  const model = adaptLayers(await loadLayersModel(artifacts));
  const inputShape = model.model.inputs[0].shape.slice(1);
  const [train, held] = [await digits(false, inputShape), (await digits(true, inputShape))(0, 0)];
  const score = (m) => accuracy((x) => m.predict(x), held, { inputShape });
  const scoreArtifacts = async (packed) => {
    const loaded = adaptLayers(await loadLayersModel(packed));
    const result = await score(loaded);
    loaded.dispose();
    return result;
  };
  const shard = artifacts.weightData.byteLength;
  const denseAccuracy = await score(model);
  let epoch = 0;
  const tune = (count, handles, seed, learningRate, of = model) =>
    fineTune(of, { data: () => train(1, ++epoch), inputShape, epochs: count, learningRate, seed, handles });
  const { handle } = await prune(model, {
    scorer: magnitude(),
    strategy: unstructured(),
    sparsity,
    schedule: cubic({ sparsity, end: steps }),
    onStep: async ({ step, steps: all, sparsity: reached, handle: mask }) => {
      console.error(`  ${name}: ${(100 * reached).toFixed(1)}% pruned, ${step + 1} of ${all}`);
      await tune(step + 1 === all ? last : epochs, [mask], step, cosine(LEARNING_RATE));
    },
  });
  const rows = [];
  const pruned = await toArtifacts(model.model);
  const before = await score(model);
  const add = async (form, packed, options) => {
    const encoded = encodeWithReport(packed, options);
    rows.push({ form, ...row(encoded, shard), accuracy: await scoreArtifacts(decodeEspalier(encoded.bytes)) });
  };
  for (const [values, bits] of FORMS)
    await add(bits ? `codebook ${bits} bits` : values, pruned, { values, ...(bits && { codebookBits: bits }) });
  const tied = await trainedCentroids(pruned, codebookBits, (of, ties) =>
    tune(SHARED_EPOCHS, [ties], steps, cosine(LEARNING_RATE / 10), of),
  );
  await add(`codebook ${codebookBits} bits, trained`, tied, { values: 'codebook', codebookBits });
  handle.makePermanent();
  model.dispose();
  const plain = await compressedSizes([new Uint8Array(pruned.weightData)]);
  const dense = await compressedSizes(files.map(({ path }) => path));
  return {
    name,
    sparsity,
    shard,
    dense: { ...dense, accuracy: denseAccuracy },
    pruned: { ...plain, accuracy: before },
    rows,
  };
}

/** K-means gives the values, and a few epochs move them. */
async function trainedCentroids(artifacts, codebookBits, train) {
  const { bytes } = encodeWithReport(artifacts, { values: 'codebook', codebookBits });
  const shared = adaptLayers(await loadLayersModel(decodeEspalier(bytes)));
  const ties = await shareWeights(shared);
  await train(shared, ties);
  ties.makePermanent();
  const tied = await toArtifacts(shared.model);
  shared.dispose();
  return tied;
}

function row({ bytes, headerBytes: header, tensors }, shard) {
  const isKernel = ({ name }) => /kernel/.test(name);
  const sum = (list, of) => list.reduce((total, tensor) => total + of(tensor), 0);
  return {
    bytes: bytes.length,
    times: shard / bytes.length,
    header,
    positions: sum(tensors.filter(isKernel), (t) => t.positionBytes),
    values: sum(tensors.filter(isKernel), (t) => t.valueBytes),
    biases: sum(
      tensors.filter((t) => !isKernel(t)),
      (t) => t.positionBytes + t.valueBytes,
    ),
  };
}

tf.env().set('PROD', true);
await tf.setBackend('wasm');
enableTraining();
const only = process.env.ESPALIER_NET;
const nets = [];
for (const net of NETS.filter(({ name }) => !only || name === only)) {
  const result = await small(net);
  nets.push(result);
  console.error(
    `\n  ${result.name}: dense shard ${result.shard} bytes, error ${(100 - result.dense.accuracy).toFixed(2)}%; ${100 * result.sparsity}% pruned, error ${(100 - result.pruned.accuracy).toFixed(2)}%, its shard ${result.pruned.raw} raw, ${result.pruned.gzip} gzip -9, ${result.pruned.brotli} brotli -11`,
  );
  console.error(
    `  ${['form', 'bytes', 'smaller', 'header', 'positions', 'values', 'biases', 'error'].map((h, i) => (i ? h.padStart(10) : h.padEnd(24))).join('')}`,
  );
  for (const r of result.rows) {
    const cells = [
      r.bytes,
      `${r.times.toFixed(1)}×`,
      r.header,
      r.positions,
      r.values,
      r.biases,
      `${(100 - r.accuracy).toFixed(2)}%`,
    ];
    console.error(`  ${r.form.padEnd(24)}${cells.map((c) => String(c).padStart(10)).join('')}`);
  }
}
publish({
  name: 'small-nets',
  what: 'LeNets as compact files, bytes of the whole file',
  unit: 'bytes',
  cases: {},
  nets,
  machine: machine(),
});
