import '@tensorflow/tfjs-backend-cpu';
import { tinyNetwork } from '@espalier/conformance';
import { cubic, type PrunableModel, seededRandom } from '@espalier/core';
import type { Dataset } from '@espalier/data';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import { buildSync } from 'esbuild';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cosine, fineTune, type FineTuneOptions, gradual } from './index.js';

beforeAll(() => tf.setBackend('cpu'));

const random = seededRandom(4);
const data: Dataset = {
  x: Float32Array.from({ length: 120 }, () => random() - 0.5),
  y: Int32Array.from({ length: 30 }, (_, i) => i % 3),
  shape: [4],
  classes: 3,
  size: 30,
};
const rules = () => [
  gradual({
    scorer: magnitude(),
    strategy: unstructured(),
    schedule: cubic({ sparsity: 0.7, begin: 2, end: 14, frequency: 3 }),
  }),
];

/** Trains a fresh network; gives the weights at the end and every checkpoint. */
async function train(options: Partial<FineTuneOptions> = {}, change: (m: PrunableModel) => object = () => ({})) {
  const before = tf.memory().numTensors;
  const model = tinyNetwork();
  const checkpoints: Uint8Array[] = [];
  let error: unknown;
  const settings = {
    data,
    epochs: 6,
    batchSize: 8,
    learningRate: cosine(0.05),
    rules: rules(),
    checkpoint: { write: (bytes: Uint8Array) => void checkpoints.push(bytes) },
  };
  const result = await fineTune({ ...model, ...change(model) }, { ...settings, ...options }).catch(
    (e: unknown) => void (error = e),
  );
  const weights = await Promise.all(model.params.map(async ({ id }) => [id, Array.from(await model.read(id))]));
  result?.handle?.makePermanent();
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return { result, weights, checkpoints, error };
}

describe('from any checkpoint the rest is bit for bit the same', () => {
  test.each([
    ['Adam', tf.train.adam],
    ['momentum', (rate: number) => tf.train.momentum(rate, 0.9)],
    ['RMSProp', (rate: number) => tf.train.rmsprop(rate)],
    ['SGD', tf.train.sgd],
  ])('%s', async (_name, optimizer) => {
    const whole = await train({ optimizer });
    expect(whole.checkpoints).toHaveLength(6);
    for (const epoch of [1, 3, 4]) {
      const rest = await train({ optimizer, resume: whole.checkpoints[epoch - 1] });
      expect(rest.weights).toEqual(whole.weights);
      expect(rest.result!.losses).toEqual(whole.result!.losses);
      expect(rest.checkpoints).toEqual(whole.checkpoints.slice(epoch));
      expect(rest.result!.steps).toBe(24);
    }
  });

  test('early stopping remembers its best epoch', async () => {
    const scores = [1, 2, 3, 9, 4, 5];
    const stopping = (from: number) => ({ score: async () => scores[from++], patience: 2 });
    const whole = await train({ rules: [], earlyStopping: stopping(0) });
    expect(whole.result!.best).toEqual({ epoch: 4, score: 9 });
    const rest = await train({ rules: [], earlyStopping: stopping(5), resume: whole.checkpoints[4] });
    expect([rest.result!.best, rest.weights]).toEqual([whole.result!.best, whole.weights]);
  });

  test('the last one trains no more', async () => {
    const whole = await train();
    const rest = await train({ resume: whole.checkpoints[5] });
    expect([rest.weights, rest.checkpoints]).toEqual([whole.weights, []]);
  });

  test('every second epoch, and the last', async () => {
    const seen: Uint8Array[] = [];
    await train({ epochs: 5, checkpoint: { write: (bytes) => void seen.push(bytes), every: 2 } });
    expect(seen).toHaveLength(3);
  });
});

describe('a NaN loss', () => {
  test('stops, says where, and leaves the last good checkpoint, from which training goes on', async () => {
    const whole = await train();
    let call = 0;
    const broken = await train({}, (m) => ({
      gradients: async (...args: Parameters<PrunableModel['gradients']>) => {
        const { loss, grads } = await m.gradients(...args);
        return { loss: ++call === 14 ? NaN : loss, grads };
      },
    }));
    expect(broken.error).toMatchObject({
      name: 'InputError',
      code: 'loss-diverged',
      where: 'epoch 4 of 6, step 14 of 24',
      found: 'NaN',
    });
    expect(broken.checkpoints).toEqual(whole.checkpoints.slice(0, 3));
    expect((await train({ resume: broken.checkpoints[2] })).weights).toEqual(whole.weights);
  });
  test('weights that overflow in the last step of an epoch are in no checkpoint', async () => {
    let call = 0;
    const broken = await train({}, (m) => ({
      gradients: async (...args: Parameters<PrunableModel['gradients']>) => {
        const { loss, grads } = await m.gradients(...args);
        if (++call !== 8) return { loss, grads };
        const huge = Object.fromEntries(Object.entries(grads).map(([id, g]) => [id, tf.fill(g.shape, NaN)]));
        tf.dispose(grads);
        return { loss, grads: huge };
      },
    }));
    expect(broken.error).toMatchObject({ code: 'loss-diverged', where: 'epoch 2 of 6, step 8 of 24' });
    expect(broken.checkpoints).toHaveLength(1);
  });
});

describe('a checkpoint that is none', () => {
  test('every truncation and every flipped byte', async () => {
    const [bytes] = (await train({ epochs: 1 })).checkpoints;
    const cuts = [0, 7, 15, 40, 100, bytes.length >> 1, bytes.length - 33, bytes.length - 1].map((n) =>
      bytes.slice(0, n),
    );
    const flips = [0, 9, 13, 20, 200, bytes.length >> 1, bytes.length - 40, bytes.length - 1].map((at) =>
      bytes.map((b, i) => (i === at ? b ^ 4 : b)),
    );
    for (const broken of [...cuts, ...flips, Uint8Array.of(...bytes, 0)]) {
      const { error, weights } = await train({ epochs: 1, resume: broken });
      expect(error).toMatchObject({ name: 'InputError', code: 'checkpoint-file', fix: expect.any(String) });
      const fresh = tinyNetwork();
      expect(weights[0][1]).toEqual(Array.from(await fresh.read('hidden/kernel')));
      fresh.dispose();
    }
  });

  test.each<[string, Partial<FineTuneOptions>, string]>([
    ['other epochs', { epochs: 7 }, 'epochs was 6, is 7'],
    ['another seed', { seed: 1 }, 'seed was 0, is 1'],
    ['other batches', { batchSize: 10 }, 'batchSize was 8, is 10'],
    ['another rate', { learningRate: 0.1 }, 'learningRate'],
    ['other rules', { rules: [] }, 'rules'],
    [
      'other data',
      { data: { ...data, x: data.x.slice(0, 40), y: data.y.slice(0, 10), size: 10 } },
      'samples was 30, is 10',
    ],
    ['another optimizer', { optimizer: tf.train.sgd }, 'optimizer'],
  ])('%s', async (_name, options, message) => {
    const { checkpoints } = await train();
    const { error } = await train({ ...options, resume: checkpoints[1] });
    expect(error).toMatchObject({
      name: 'InputError',
      code: 'checkpoint-mismatch',
      message: expect.stringContaining(message),
    });
  });

  test('another model', async () => {
    const { checkpoints } = await train();
    const { error } = await train({ resume: checkpoints[1] }, (m) => ({ params: m.params.slice(0, 3) }));
    expect(error).toMatchObject({ code: 'checkpoint-mismatch', where: 'params' });
  });
});

/** Trains a convolutional network on wasm, gradually pruned, from the checkpoint in a folder if there is one. */
const PROGRAM = `
  import '@tensorflow/tfjs-backend-wasm';
  import { adaptLayers } from '@espalier/adapter-layers';
  import { cubic, seededRandom } from '@espalier/core';
  import { writeFile } from '@espalier/format';
  import { enableTraining } from '@espalier/kernels-wasm/training';
  import { magnitude } from '@espalier/scorer-magnitude';
  import { unstructured } from '@espalier/strategy-unstructured';
  import * as tf from '@tensorflow/tfjs-core';
  import * as tfl from '@tensorflow/tfjs-layers';
  import { createHash } from 'node:crypto';
  import { existsSync, readFileSync } from 'node:fs';
  import { fineTune, gradual } from './index.ts';
  const [, , path] = process.argv;
  (async () => {
    await tf.setBackend('wasm');
    enableTraining();
    const random = seededRandom(1);
    const seeded = (seed) => ({ kernelInitializer: tfl.initializers.heNormal({ seed }) });
    const model = adaptLayers(tfl.sequential({ layers: [
      tfl.layers.conv2d({ name: 'conv', filters: 4, kernelSize: 3, inputShape: [8, 8, 1], ...seeded(1) }),
      tfl.layers.batchNormalization({ name: 'norm' }),
      tfl.layers.reLU(),
      tfl.layers.flatten(),
      tfl.layers.dense({ name: 'out', units: 2, activation: 'softmax', ...seeded(2) }),
    ] }));
    const data = { x: Float32Array.from({ length: 64 * 80 }, random), y: Int32Array.from({ length: 80 }, (_, i) => i % 2), shape: [8, 8, 1], classes: 2, size: 80 };
    const { handle } = await fineTune(model, {
      data, epochs: 8, batchSize: 16, learningRate: 0.01,
      rules: [gradual({ scorer: magnitude(), strategy: unstructured(), schedule: cubic({ sparsity: 0.8, begin: 3, end: 30, frequency: 4 }) })],
      ...(existsSync(path) && { resume: new Uint8Array(readFileSync(path)) }),
      checkpoint: { write: async (bytes) => { await writeFile(path, bytes); process.stdout.write('saved\\n'); } },
    });
    const hash = createHash('sha256');
    for (const { id } of model.params) hash.update(new Uint8Array((await model.read(id)).buffer));
    process.stdout.write('weights ' + hash.digest('hex') + '\\n');
    handle.makePermanent();
  })();`;

test('on wasm: killed in the middle, twice, a training that goes on ends with the very same weights', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-train-'));
  try {
    const program = join(dir, 'train.cjs');
    buildSync({
      stdin: { contents: PROGRAM, resolveDir: __dirname },
      bundle: true,
      platform: 'node',
      conditions: ['@espalier/source'],
      external: ['@tensorflow/*'],
      outfile: program,
    });
    const whole = await run(program, join(dir, 'whole.bin'));
    const path = join(dir, 'killed.bin');
    for (let kill = 0; kill < 2; kill++) {
      expect((await run(program, path, 2)).weights).toBeUndefined();
      expect(existsSync(path)).toBe(true);
    }
    const resumed = await run(program, path);
    expect(whole.saved).toBe(8);
    expect(resumed.saved).toBeLessThan(8);
    expect(resumed.weights).toBe(whole.weights);
    expect(resumed.weights).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(path)).toEqual(readFileSync(join(dir, 'whole.bin')));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

/** Kills the program once it has saved so many checkpoints. */
function run(program: string, path: string, kill = Infinity): Promise<{ saved: number; weights?: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE_PATH: join(__dirname, '..', '..', '..', 'node_modules') };
    const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'pipe'], env });
    let [text, errors] = ['', ''];
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.split('saved').length > kill) child.kill('SIGKILL');
    });
    child.once('exit', (code, signal) => {
      if (code !== 0 && signal === null) return reject(new Error(errors));
      const weights = /weights (\w+)/.exec(text)?.[1];
      resolve({ saved: text.split('saved').length - 1, ...(weights !== undefined && { weights }) });
    });
  });
}
