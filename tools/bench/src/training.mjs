// What training makes of pruned networks, on the zoo's digits: 2:4 on every net, and LeNets at 8% and 2% of their weights, pruned
// gradually while they learn from the dense net. Accuracy in percent on the zoo's 2,000 test digits; one run for each seed.
// TRAINING_NETS, TRAINING_TRIALS (2:4, 8%, 2%), TRAINING_SEEDS and TRAINING_EPOCHS choose less of it.
import { adaptLayers, loadLayersModel } from '@espalier/adapter-layers';
import { cubic, memoryPlan, prune, seededRandom } from '@espalier/core';
import { readIdx, readModel } from '@espalier/format';
import { enableTraining } from '@espalier/kernels-wasm';
import { accuracy } from '@espalier/measure';
import { magnitude } from '@espalier/scorer-magnitude';
import { nm } from '@espalier/strategy-nm';
import { unstructured } from '@espalier/strategy-unstructured';
import { cosine, distill, fineTune, gradual } from '@espalier/train';
import { DIGITS, ZOO } from '@espalier/zoo';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { machine, publish, spread } from './harness.mjs';

const list = (name, all) => (process.env[name] ? process.env[name].split(',') : all);
const NETS = list('TRAINING_NETS', Object.keys(ZOO));
const TRIALS = list('TRAINING_TRIALS', ['2:4', '8%', '2%']);
const SEEDS = list('TRAINING_SEEDS', ['1', '2', '3']).map(Number);
const EPOCHS = { '2:4': 6, '8%': 20, '2%': 40 };
const BATCH = 64;

/** The zoo's digits; drawn for an epoch, each is moved by up to `shift` pixels. */
async function digits(test) {
  const [images, labels] = [await readIdx(DIGITS.images), await readIdx(DIGITS.labels)];
  const rows = Array.from(labels.data.keys()).filter((i) => DIGITS.isTest(i) === test);
  return (shift, seed) => {
    const random = seededRandom(seed);
    const move = () => Math.floor(random() * (2 * shift + 1)) - shift;
    const x = new Float32Array(rows.length * 784);
    rows.forEach((row, n) => {
      const [dx, dy] = [move(), move()];
      for (let p = 0; p < 784; p++) {
        const [from, column] = [p - dy * 28 - dx, (p % 28) - dx];
        if (column >= 0 && column < 28 && from >= 0 && from < 784) x[n * 784 + p] = images.data[row * 784 + from] / 255;
      }
    });
    return { x, y: Int32Array.from(rows, (row) => labels.data[row]), shape: [784], classes: 10, size: rows.length };
  };
}

const open = async (net) => adaptLayers(await loadLayersModel((await readModel(ZOO[net].dir)).artifacts));

tf.env().set('PROD', true);
await tf.setBackend('wasm');
enableTraining();
const [draw, test] = [await digits(false), (await digits(true))(0, 0)];
const cases = {};
for (const net of NETS) {
  const teacher = await open(net);
  const inputShape = teacher.model.inputs[0].shape.slice(1);
  const score = (model) => accuracy((x) => model.predict(x), test, { inputShape, batchSize: 256 });
  const dense = await score(teacher);
  for (const trial of TRIALS) {
    if (trial !== '2:4' && !net.startsWith('lenet')) continue;
    const epochs = Number(process.env.TRAINING_EPOCHS ?? EPOCHS[trial]);
    const runs = [];
    for (const seed of SEEDS) {
      const model = await teacher.shrink(memoryPlan({}));
      const start = performance.now();
      const options = {
        data: (epoch) => draw(1, seed * 1000 + epoch),
        inputShape,
        epochs,
        batchSize: BATCH,
        seed,
        learningRate: cosine(trial === '2:4' ? 1e-3 : 3e-3),
      };
      const taught = distill({ teacher, temperature: 4, alpha: 0.7 });
      let oneShot = null;
      let handle;
      if (trial === '2:4') {
        ({ handle } = await prune(model, { scorer: magnitude(), strategy: nm({ tail: 'dense' }) }));
        oneShot = await score(model);
        await fineTune(model, { ...options, handles: [handle], rules: [taught] });
      } else {
        const steps = epochs * Math.ceil((test.size * 4) / BATCH);
        const sparsity = 1 - Number.parseFloat(trial) / 100;
        const schedule = cubic({ sparsity, begin: 0, end: Math.round(steps * 0.6), frequency: Math.round(steps / 80) });
        const rule = gradual({ scorer: magnitude(), strategy: unstructured(), schedule });
        ({ handle } = await fineTune(model, { ...options, rules: [rule, taught] }));
      }
      const trained = await score(model);
      runs.push({ seed, oneShot, trained, seconds: (performance.now() - start) / 1000 });
      process.stderr.write(
        `  ${net} ${trial} seed ${seed}: dense ${dense.toFixed(2)}${oneShot === null ? '' : `, one-shot ${oneShot.toFixed(2)}`}, after ${epochs} epochs ${trained.toFixed(2)}, ${runs.at(-1).seconds.toFixed(0)} s\n`,
      );
      handle.makePermanent();
      model.dispose();
    }
    const values = runs.map(({ trained }) => trained);
    cases[`${net} ${trial}`] = {
      ...spread(values),
      mean: values.reduce((a, b) => a + b) / values.length,
      dense,
      epochs,
      runs,
    };
  }
  teacher.dispose();
}
publish({
  name: 'training',
  what: 'accuracy after pruning and training with distillation, against the dense net, on the 2,000 test digits of the zoo',
  unit: '% accuracy',
  cases,
  machine: machine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']),
});
