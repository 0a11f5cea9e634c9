// The time of second-order pruning on one thread: a dense layer of 1024 × 1024 weights with 2,048 rows of calibration data, half of it
// pruned by ExactOBS and by SparseGPT's blocked pass, and ExactOBS on mlpnet at 90% beside a plain one in numpy, where there are
// numpy and ../shared/data. From the data to the new weights, Hessians included; each is run once, they take long enough.
import '@tensorflow/tfjs-backend-wasm';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adaptLayers } from '@espalier/adapter-layers';
import { prune, seededRandom } from '@espalier/core';
import { obsRepair, obsScorer } from '@espalier/repair-obs';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { openSubject } from './accuracy/subjects.mjs';
import { machine, publish, spread, wantedGroup } from './harness.mjs';

const [SIDE, ROWS] = [1024, 2048];
const LIMITS = { 'SparseGPT form, 50%': 20, 'ExactOBS, 50%': 90, 'mlpnet, ExactOBS, 90%': 4 };
const PEER = fileURLToPath(new URL('exact-obs.py', import.meta.url));

setThreadsCount(1);
tf.env().set('PROD', true);
await tf.setBackend('wasm');
const cases = {};
const seconds = async (name, work) => {
  const start = performance.now();
  const more = await work();
  const took = (performance.now() - start) / 1000;
  cases[name] = { ...spread([took]), ...(LIMITS[name] && { wanted: { atMost: LIMITS[name] } }), ...more };
  process.stderr.write(`  ${name}: ${took.toFixed(1)} s\n`);
};

/** Inputs that go together, as those of a layer inside a net do. */
function calibration() {
  const random = seededRandom(1);
  const values = new Float32Array(ROWS * SIDE);
  for (let row = 0; row < ROWS; row++) {
    const shared = Float32Array.from({ length: 32 }, () => 2 * random() - 1);
    for (let i = 0; i < SIDE; i++) values[row * SIDE + i] = Math.max(0, shared[i % 32] + random() - 0.5);
  }
  return async function* () {
    const batch = { x: tf.tensor2d(values, [ROWS, SIDE]), y: tf.zeros([ROWS, SIDE]) };
    yield batch;
    tf.dispose([batch.x, batch.y]);
  };
}

if (wantedGroup('layer')) {
  const data = calibration();
  const layer = () => {
    const kernelInitializer = tfl.initializers.randomNormal({ seed: 1, stddev: 0.05 });
    const dense = tfl.layers.dense({ units: SIDE, inputShape: [SIDE], useBias: false, kernelInitializer });
    return adaptLayers(tfl.sequential({ layers: [dense] }));
  };
  const run = (scorer, work) => async () => {
    const model = layer();
    const options = { strategy: unstructured(), sparsity: 0.5, data, repair: obsRepair({ steps: 0, work }) };
    await prune(model, { ...options, scorer });
    model.dispose();
  };
  await seconds('SparseGPT form, 50%', run(magnitude(), 0));
  await seconds('ExactOBS, 50%', run(obsScorer({ work: Infinity }), Infinity));
}

const subject = wantedGroup('mlpnet') ? await openSubject('mlpnet') : undefined;
if (subject) {
  const { dense: model } = subject;
  const kernels = model.params.filter(({ role }) => role === 'kernel');
  const weights = [];
  for (const { id } of kernels) weights.push(await model.read(id));
  await seconds('mlpnet, ExactOBS, 90%', async () => {
    const options = { scorer: obsScorer(), strategy: unstructured(), repair: obsRepair({ steps: 0 }), sparsity: 0.9 };
    const { handle } = await prune(model, { ...options, data: subject.batches() });
    const { accuracy } = await subject.score(model);
    handle.restore();
    return { accuracy };
  });
  const hasNumpy = spawnSync('python3', ['-c', 'import numpy']).status === 0;
  if (!hasNumpy) process.stderr.write('  numpy: skipped, python3 with numpy is not here (pip install numpy)\n');
  else {
    const folder = mkdtempSync(join(tmpdir(), 'espalier-obs-'));
    for (const [i, { id, shape }] of kernels.entries()) {
      const rows = [];
      for await (const batch of subject.batches()())
        for await (const piece of model.inputs(batch, id)) rows.push(Float32Array.from(await piece.data()));
      writeFileSync(join(folder, `x${i}`), Buffer.concat(rows.map((part) => Buffer.from(part.buffer))));
      writeFileSync(join(folder, `w${i}`), Buffer.from(weights[i].buffer));
      kernels[i] = { id, shape };
    }
    const args = [PEER, folder, '0.9', ...kernels.map(({ shape }) => shape.join('x'))];
    const env = { ...process.env, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
    const found = JSON.parse(execFileSync('python3', args, { env, maxBuffer: 1 << 26, encoding: 'utf8' }));
    for (const [i, { id }] of kernels.entries()) model.write(id, Float32Array.from(found.weights[i]));
    const { accuracy } = await subject.score(model);
    cases['mlpnet, ExactOBS in numpy, 90%'] = { ...spread([found.seconds]), accuracy, numpy: found.numpy };
    process.stderr.write(`  mlpnet, ExactOBS in numpy, 90%: ${found.seconds.toFixed(1)} s\n`);
    rmSync(folder, { recursive: true });
  }
}
publish({
  name: 'obs',
  what: 'seconds of second-order pruning, one thread, from the data to the new weights',
  unit: 's',
  cases,
  machine: machine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']),
});
