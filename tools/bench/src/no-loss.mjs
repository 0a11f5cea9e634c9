// The residual net of the zoo with at least 2.5 times fewer MACs, and no less accurate on the test digits after fine-tuning: one shot by
// gradient, channels removed, then 24 epochs on shifted digits, as the net was trained. Takes some minutes.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { adaptLayers, loadLayersModel } from '@espalier/adapter-layers';
import { macCost, planCost, prune, seededRandom } from '@espalier/core';
import { arrayBatches } from '@espalier/data';
import { readModel } from '@espalier/format';
import { enableTraining } from '@espalier/kernels-wasm/training';
import { accuracy } from '@espalier/measure';
import { gradient } from '@espalier/scorer-gradient';
import { structured } from '@espalier/strategy-structured';
import { cosine, fineTune } from '@espalier/train';
import { ZOO } from '@espalier/zoo';
import { batchOf, readDigits } from '../../../packages/zoo/scripts/digits.mjs';
import { machine, publish } from './harness.mjs';

const KEPT = 0.39;
const EPOCHS = 24;
const SEED = 1;

tf.env().set('PROD', true);
await tf.setBackend('wasm');
enableTraining();
const { train, test } = readDigits();
const dataset = (digits) => ({ ...digits, shape: [28, 28, 1], classes: 10 });
const measure = (model) => accuracy((x) => model.predict(x), dataset(test), { batchSize: 250 });

const model = adaptLayers(await loadLayersModel((await readModel(ZOO['resnet-ds'].dir)).artifacts));
const before = await measure(model);
const { plan, handle } = await prune(model, {
  scorer: gradient(),
  strategy: structured({ cost: macCost }),
  // What the blocks add to keeps its width: every layer reads it.
  ignore: ['b*_project'],
  sparsity: 1 - KEPT,
  data: arrayBatches(dataset(train), { batchSize: 250, seed: 0 }),
});
handle.restore();
const ratio = planCost({ units: {} }, model, macCost) / planCost(plan, model, macCost);
const smaller = await model.shrink(plan);
const cut = await measure(smaller);

const rows = Array.from({ length: train.size }, (_, i) => i);
const random = seededRandom(SEED);
const { losses } = await fineTune(smaller, {
  data: () => ({ ...dataset(train), ...batchOf(train, rows, random, 2) }),
  epochs: EPOCHS,
  learningRate: cosine(4e-3),
  seed: SEED,
  onEpoch: ({ epoch, epochs, loss }) => console.error(`  epoch ${epoch + 1} of ${epochs}: loss ${loss.toFixed(4)}`),
});
const after = await measure(smaller);
assert.ok(ratio >= 2.5, `wanted 2.5 times fewer MACs, found ${ratio}`);
const point = (value) => ({ median: value, p10: value, p90: value });
publish({
  name: 'no-loss',
  what: `resnet-ds with ${ratio.toFixed(2)} times fewer MACs: accuracy on 2,000 test digits before, after the cut, after fine-tuning`,
  unit: '%',
  cases: { dense: point(before), cut: point(cut), 'fine-tuned': point(after) },
  wanted: { case: 'fine-tuned', atLeast: before },
  macsRatio: ratio,
  epochs: EPOCHS,
  seed: SEED,
  losses,
  machine: machine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']),
});
