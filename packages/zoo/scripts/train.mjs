// Trains the models of the zoo: node scripts/train.mjs [name…] [--seed 1] [--epochs N] [--limit DIGITS] [--out DIR]
// The same seed gives the same bytes on the same machine. Needs a build of the workspace.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-wasm';
import { seededRandom, shuffle } from '@espalier/core';
import { enableTraining } from '@espalier/kernels-wasm/training';
import root from '../root.cjs';
import { batchOf, readDigits } from './digits.mjs';
import { RECIPES } from './models.mjs';

const CLASSES = 10;

/** Ends with the weights of the last step: the test digits choose nothing. */
async function train(model, digits, { epochs, batchSize, learningRate, decay, shift, seed, say }) {
  const random = seededRandom(seed);
  const optimizer = tf.train.adam(learningRate);
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const kernels = model.trainableWeights.filter((weight) => weight.shape.length > 1);
  const order = Int32Array.from({ length: digits.size }, (_, i) => i);
  const batches = Math.ceil(digits.size / batchSize);
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    let sum = 0;
    for (let b = 0; b < batches; b++) {
      const rate = (learningRate * (1 + Math.cos((Math.PI * (epoch * batches + b)) / (epochs * batches)))) / 2;
      optimizer.learningRate = rate;
      const batch = batchOf(digits, Array.from(order.subarray(b * batchSize, (b + 1) * batchSize)), random, shift);
      const x = tf.tensor(batch.x, [batch.y.length, ...model.inputs[0].shape.slice(1)]);
      const y = tf.tidy(() => tf.oneHot(tf.tensor1d(batch.y, 'int32'), CLASSES, 1, 0, 'float32'));
      sum += await model.trainOnBatch(x, y);
      tf.dispose([x, y]);
      tf.tidy(() => kernels.forEach((weight) => weight.write(tf.mul(weight.read(), 1 - rate * decay))));
    }
    say(`epoch ${epoch + 1}/${epochs}: loss ${(sum / batches).toFixed(4)}`);
  }
}

/** Right answers in percent, two decimals. */
async function accuracy(model, { x, y, size }) {
  const answers = tf.tidy(() => {
    const input = tf.tensor(x, [size, ...model.inputs[0].shape.slice(1)]);
    return tf.argMax(model.predict(input, { batchSize: 250 }), 1);
  });
  const values = await answers.data();
  answers.dispose();
  return Math.round((y.reduce((n, label, i) => n + (values[i] === label ? 1 : 0), 0) / size) * 1e4) / 100;
}

async function save(model, dir, espalier) {
  model.setUserDefinedMetadata({ espalier });
  const handler = {
    async save({ modelTopology, weightSpecs, weightData, format, generatedBy, convertedBy, userDefinedMetadata }) {
      mkdirSync(dir, { recursive: true });
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      const json = { format, generatedBy, convertedBy, modelTopology, userDefinedMetadata, weightsManifest };
      writeFileSync(join(dir, 'model.json'), `${JSON.stringify(json)}\n`);
      writeFileSync(join(dir, 'weights.bin'), Buffer.concat([weightData].flat().map((part) => new Uint8Array(part))));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  };
  await model.save(handler);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    epochs: { type: 'string' },
    limit: { type: 'string' },
    out: { type: 'string', default: join(root, 'models') },
  },
});
const seed = Number(values.seed);
const say = (line) => console.error(line);
for (const name of positionals) {
  if (!Object.hasOwn(RECIPES, name))
    throw new Error(`no recipe '${name}'; there are ${Object.keys(RECIPES).join(', ')}`);
}
tf.env().set('PROD', true);
await tf.setBackend('wasm');
enableTraining();
const { train: all, test } = readDigits();
const digits = values.limit ? { ...all, size: Math.min(all.size, Number(values.limit)) } : all;
for (const name of positionals.length > 0 ? positionals : Object.keys(RECIPES)) {
  const { build, ...recipe } = RECIPES[name];
  const epochs = values.epochs ? Number(values.epochs) : recipe.epochs;
  const model = build(seed);
  const started = Date.now();
  await train(model, digits, { ...recipe, epochs, seed, say: (line) => say(`${name} ${line}`) });
  const result = await accuracy(model, test);
  await save(model, join(values.out, name), { data: 'mnist', accuracy: result, seed });
  say(
    `${name}: ${model.countParams()} parameters, ${result}% of ${test.size} test digits, ${Math.round((Date.now() - started) / 1000)} s`,
  );
}
