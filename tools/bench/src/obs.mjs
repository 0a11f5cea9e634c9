// The time of second-order pruning on one thread: a dense layer of 1024 × 1024 weights with 2,048 rows of calibration data, half of it
// pruned by ExactOBS and by SparseGPT's blocked pass, and ExactOBS on mlpnet at 90% beside a plain one in numpy, where there are
// numpy and ../shared/data. From the data to the new weights, Hessians included; each is run once, they take long enough.
import '@tensorflow/tfjs-backend-wasm';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prune } from '@espalier/core';
import { obsRepair, obsScorer } from '@espalier/repair-obs';
import { unstructured } from '@espalier/strategy-unstructured';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { LAYER_METHODS, secondsOfLayer } from './accuracy/layer.mjs';
import { openSubject } from './accuracy/subjects.mjs';
import { machine, publish, spread, wantedGroup } from './harness.mjs';

const PEER = fileURLToPath(new URL('exact-obs.py', import.meta.url));

setThreadsCount(1);
tf.env().set('PROD', true);
await tf.setBackend('wasm');
const cases = {};
function record(name, took, limit, more) {
  cases[name] = { ...spread([took]), ...(limit && { wanted: { atMost: limit } }), ...more };
  process.stderr.write(`  ${name}: ${took.toFixed(1)} s\n`);
}

if (wantedGroup('layer')) {
  for (const method of LAYER_METHODS) record(method.name, await secondsOfLayer(method), method.limit);
}

const subject = wantedGroup('mlpnet') ? await openSubject('mlpnet') : undefined;
if (subject) {
  const { dense: model } = subject;
  const kernels = model.params.filter(({ role }) => role === 'kernel');
  const weights = [];
  for (const { id } of kernels) weights.push(await model.read(id));
  const start = performance.now();
  const options = { scorer: obsScorer(), strategy: unstructured(), repair: obsRepair({ steps: 0 }), sparsity: 0.9 };
  const { handle } = await prune(model, { ...options, data: subject.batches() });
  const took = (performance.now() - start) / 1000;
  record('mlpnet, ExactOBS, 90%', took, 4, { accuracy: (await subject.score(model)).accuracy });
  handle.restore();
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
    record('mlpnet, ExactOBS in numpy, 90%', found.seconds, undefined, { accuracy, numpy: found.numpy });
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
