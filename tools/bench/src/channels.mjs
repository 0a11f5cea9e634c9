// Channels pruned to a budget and really removed, on wasm: how much of what the MACs promise becomes time, with TensorFlow.js's own kernels
// and with both models compiled, and how near a latency budget comes. Speed-up is dense time over pruned time in the same rounds; MACs ratio is dense MACs over those left.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { adaptGraph } from '@espalier/adapter-graph';
import { adaptLayers, loadLayersModel } from '@espalier/adapter-layers';
import { macCost, planCost } from '@espalier/core';
import { readModel } from '@espalier/format';
import { compile } from '@espalier/kernels-wasm';
import { latency, meetLatency } from '@espalier/measure';
import { magnitude } from '@espalier/scorer-magnitude';
import { mostSparsity, structured } from '@espalier/strategy-structured';
import { ZOO } from '@espalier/zoo';
import { machine, publish } from './harness.mjs';

const ROUNDS = 31;
const ROUND_TO = 4;

const packaged = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/human')), '..', 'models');

/** name, one sample, batch, the model, the share of the MACs ratio that is wanted as speed-up, and the fractions of the MACs that are kept. */
const NETS = [
  {
    name: 'resnet-ds',
    sample: [28, 28, 1],
    batch: 1,
    wanted: 0.65,
    open: async () => adaptLayers(await loadLayersModel((await readModel(ZOO['resnet-ds'].dir)).artifacts)),
  },
  {
    name: 'resnet-ds',
    sample: [28, 28, 1],
    batch: 32,
    wanted: 0.65,
    open: async () => adaptLayers(await loadLayersModel((await readModel(ZOO['resnet-ds'].dir)).artifacts)),
  },
  {
    name: 'emotion',
    sample: [64, 64, 1],
    batch: 1,
    wanted: 0.75,
    open: async () =>
      adaptGraph((await readModel(join(packaged, 'emotion.json'))).artifacts, { inputShape: [1, 64, 64, 1] }),
  },
];

async function compare(model, smaller, { sample, batch }, rounds = ROUNDS) {
  const contenders = [model, smaller].map((each, i) => ({ name: String(i), predict: (x) => each.predict(x) }));
  const [{ entries, ran }] = await latency(contenders, { inputShape: sample, batch, rounds });
  return { ran, dense: entries[0], pruned: entries[1] };
}

/** The same with both models compiled: what is left of a call is nearly all arithmetic. */
async function compareCompiled(model, smaller, net) {
  const nets = [await compile(model.model), await compile(smaller.model)];
  const times = await compare(nets[0], nets[1], net);
  for (const each of nets) each.dispose();
  return times;
}

tf.env().set('PROD', true);
await tf.setBackend('wasm');
const cases = {};
const results = [];
for (const net of NETS) {
  const model = await net.open();
  const { params, groups } = model;
  const scores = await magnitude().score({ model });
  const strategy = structured({ cost: macCost, roundTo: ROUND_TO });
  const planAt = (sparsity) => strategy.select({ params, groups, scores, sparsity });
  const dense = planCost({ units: {} }, model, macCost);
  const label = `${net.name}, batch ${net.batch}`;
  for (const kept of [0.5, 0.35]) {
    const plan = await planAt(1 - kept);
    const smaller = await model.shrink(plan);
    const times = await compare(model, smaller, net);
    const ratio = dense / planCost(plan, model, macCost);
    const share = ({ pruned: { speedup } }) => {
      const { median, p10, p90 } = speedup;
      return { median: median / ratio, p10: p10 / ratio, p90: p90 / ratio };
    };
    const compiled = await compareCompiled(model, smaller, net);
    const shares = { stock: share(times), compiled: share(compiled) };
    cases[`${label}, ${100 * kept}%`] = shares.stock;
    cases[`${label}, ${100 * kept}%, compiled`] = shares.compiled;
    results.push({ net: label, kept, macs: { dense, ratio }, times, compiled, shares, wanted: net.wanted });
    smaller.dispose();
  }
  // A latency half-way between the dense model's and that of the smallest one.
  const most = mostSparsity({ params, groups }, { cost: macCost, roundTo: ROUND_TO });
  const time = async (sparsity) => {
    const smaller = await model.shrink(await planAt(sparsity));
    const { dense: whole, pruned } = await compare(model, smaller, net, 15);
    smaller.dispose();
    return { ms: pruned.medianMs, denseMs: whole.medianMs, fraction: 1 / pruned.speedup.median };
  };
  const goal = { fraction: (1 + (await time(most)).fraction) / 2 };
  const met = await meetLatency({ goal, most, time });
  const again = await time(met.sparsity);
  const off = again.fraction / goal.fraction;
  cases[`${label}, latency`] = { median: off, p10: off, p90: off };
  results.push({ net: label, latency: { wanted: goal.fraction, found: met, again }, off, wanted: 'from 0.9 to 1.1' });
  model.dispose();
}
publish({
  name: 'channels',
  what: 'removed channels on wasm: speed-up as a share of the MACs ratio, at the MACs kept; latency: measured again over its budget',
  unit: 'of what was asked',
  cases,
  results,
  machine: machine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']),
});
