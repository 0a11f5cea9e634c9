// Half of a dense layer of 1024 × 1024 weights pruned with 2,048 rows of calibration data: seconds from the data to the new weights,
// Hessian included.
import { adaptLayers } from '@espalier/adapter-layers';
import { prune, seededRandom } from '@espalier/core';
import { obsRepair, obsScorer } from '@espalier/repair-obs';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

const [SIDE, ROWS] = [1024, 2048];

/** `limit` in seconds. */
export const LAYER_METHODS = [
  { name: 'SparseGPT form, 50%', limit: 20, scorer: () => magnitude(), work: 0 },
  { name: 'ExactOBS, 50%', limit: 90, scorer: () => obsScorer({ work: Infinity }), work: Infinity },
];

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

export async function secondsOfLayer({ scorer, work }) {
  const data = calibration();
  const start = performance.now();
  const kernelInitializer = tfl.initializers.randomNormal({ seed: 1, stddev: 0.05 });
  const dense = tfl.layers.dense({ units: SIDE, inputShape: [SIDE], useBias: false, kernelInitializer });
  const model = adaptLayers(tfl.sequential({ layers: [dense] }));
  const options = { strategy: unstructured(), sparsity: 0.5, data, repair: obsRepair({ steps: 0, work }) };
  await prune(model, { ...options, scorer: scorer() });
  model.dispose();
  return (performance.now() - start) / 1000;
}

export async function layer(store) {
  const net = `${SIDE}×${SIDE}`;
  if (!store.wants('layer', net)) return;
  for (const method of LAYER_METHODS) {
    const key = { section: 'layer', net, method: method.name.split(',')[0], setting: '50%', seed: 1 };
    if (store.has(key)) continue;
    const value = await secondsOfLayer(method);
    store.add({ ...key, unit: ' s', wanted: `at most ${method.limit}`, value, seconds: value });
  }
}
