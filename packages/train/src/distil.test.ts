import '@tensorflow/tfjs-backend-cpu';
import { adaptLayers } from '@espalier/adapter-layers';
import { type Batch, cubic } from '@espalier/core';
import type { Dataset } from '@espalier/data';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { distill, fineTune, gradual, holdOut } from './index.js';
import { data, labels } from '../testing/data.js';
import { withModel, trained, checkZeros } from '../testing/trained.js';

beforeAll(() => tf.setBackend('cpu'));

describe('early stopping', () => {
  test('ends after patience, with the best epoch’s weights and its score', () =>
    withModel(async (model) => {
      const scores = [1, 3, 2, 2, 9];
      const after: Float32Array[] = [];
      const { best, losses } = await trained(model, {
        epochs: 5,
        earlyStopping: {
          score: async () => (after.push(await model.read('hidden/kernel')), scores[after.length - 1]),
          patience: 2,
        },
      });
      expect(best).toEqual({ epoch: 2, score: 3 });
      expect(losses).toHaveLength(4);
      expect(await model.read('hidden/kernel')).toEqual(after[1]);
    }));
  test('a plan that changes starts the comparison anew, and the mask holds', () =>
    withModel(async (model) => {
      let epoch = 0;
      const rule = gradual({
        scorer: magnitude(),
        strategy: unstructured(),
        schedule: cubic({ sparsity: 0.5, end: 7, initial: 0.2, frequency: 7 }),
      });
      const { best, plan, handle, moments } = await trained(model, {
        rules: [rule],
        earlyStopping: { score: async () => 10 - epoch++, patience: 5 },
      });
      // Step 7 is in epoch 3; the epochs before had higher scores with fewer zeros.
      expect(best!.epoch).toBe(3);
      await checkZeros(model, plan!, moments);
      handle!.makePermanent();
    }));
  test('a split: every sample once, the same again', () => {
    const { train, validation } = holdOut(data, 0.2, 1);
    expect([train.size, validation.size]).toEqual([24, 6]);
    const rows = (d: Dataset) =>
      Array.from({ length: d.size }, (_, i) =>
        Array.from(d.x.slice(4 * i, 4 * i + 4))
          .concat(d.y[i])
          .join(),
      );
    expect([...rows(train), ...rows(validation)].sort()).toEqual(rows(data).sort());
    expect(holdOut(data, 0.2, 1)).toEqual({ train, validation });
    expect(holdOut(data, 0.2, 2)).not.toEqual({ train, validation });
  });
  test.each([0, 1, NaN, 0.99])('no split of %p', (fraction) => {
    expect(() => holdOut(data, fraction)).toThrow(expect.objectContaining({ code: 'hold-out' }));
  });
  test('patience is a positive integer', () =>
    withModel(async (model) => {
      await expect(trained(model, { earlyStopping: { score: async () => 1, patience: 0 } })).rejects.toMatchObject({
        code: 'patience',
      });
    }));
});

describe('distillation', () => {
  const net = (activation: 'softmax' | 'linear', seed: number) =>
    adaptLayers(
      tfl.sequential({
        layers: [
          tfl.layers.dense({
            name: 'out',
            units: 3,
            inputShape: [4],
            activation,
            kernelInitializer: tfl.initializers.heNormal({ seed }),
          }),
        ],
      }),
      activation === 'linear' ? { loss: 'softmaxCrossEntropy' } : {},
    );

  test.each(['softmax', 'linear'] as const)('%s: loss and gradient of a step, by hand', async (activation) => {
    const before = tf.memory().numTensors;
    const [student, teacher] = [net(activation, 1), net(activation, 2)];
    const [temperature, alpha] = [3, 0.7];
    const x = tf.tensor(data.x, [30, 4]);
    const y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 3), 'float32'));
    const batch = { x, y };
    const { loss, grads } = await distill({ teacher, temperature, alpha }).gradients!(
      {
        model: student,
        batch,
        epoch: 1,
        epochs: 1,
        step: 0,
        steps: 1,
        plan: undefined,
        squares: async () => undefined,
      },
      () => Promise.reject(new Error('not asked')),
    );
    const [w, v] = [await student.read('out/kernel'), await teacher.read('out/kernel')];
    const softmax = (z: number[], t: number) => {
      const e = z.map((a) => Math.exp(a / t));
      return e.map((a) => a / e.reduce((p, q) => p + q));
    };
    let wanted = 0;
    const gradient = new Float64Array(12);
    for (let n = 0; n < 30; n++) {
      const row = Array.from(data.x.slice(4 * n, 4 * n + 4));
      const logits = (k: Float32Array) => [0, 1, 2].map((c) => row.reduce((s, a, i) => s + a * k[3 * i + c], 0));
      const [p, soft, q] = [softmax(logits(w), 1), softmax(logits(w), temperature), softmax(logits(v), temperature)];
      for (let c = 0; c < 3; c++) {
        const is = labels[n] === c ? 1 : 0;
        wanted -= ((1 - alpha) * is * Math.log(p[c]) + alpha * temperature ** 2 * q[c] * Math.log(soft[c])) / 30;
        const dz = (1 - alpha) * (p[c] - is) + alpha * temperature * (soft[c] - q[c]);
        row.forEach((a, i) => (gradient[3 * i + c] += (a * dz) / 30));
      }
    }
    expect(loss).toBeCloseTo(wanted, 4);
    (await grads['out/kernel'].data()).forEach((g, i) => expect(g).toBeCloseTo(gradient[i], 4));
    tf.dispose([x, y, grads]);
    student.dispose();
    teacher.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a student learns what its teacher says, not what the labels say', async () => {
    const before = tf.memory().numTensors;
    const [student, teacher] = [net('softmax', 1), net('softmax', 2)];
    await fineTune(student, {
      data,
      epochs: 60,
      learningRate: 0.1,
      rules: [distill({ teacher, alpha: 1, temperature: 2 })],
    });
    const x = tf.tensor(data.x, [30, 4]);
    const [a, b] = [student.predict(x), teacher.predict(x)];
    const [said, taught] = [await a.data(), await b.data()];
    said.forEach((p, i) => expect(p).toBeCloseTo(taught[i], 1));
    tf.dispose([x, a, b]);
    student.dispose();
    teacher.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('what does not fit is refused: options, outputs, adapters', async () => {
    const teacher = net('softmax', 1);
    expect(() => distill({ teacher, temperature: 0 })).toThrow(
      expect.objectContaining({ code: 'distill-option', where: 'temperature' }),
    );
    expect(() => distill({ teacher, alpha: 2 })).toThrow(
      expect.objectContaining({ code: 'distill-option', where: 'alpha' }),
    );
    expect(() => distill({ teacher: { ...teacher, output: 'other' } })).toThrow(
      expect.objectContaining({ code: 'distill-output' }),
    );
    // A network whose gradients are worked out for one loss, whatever it is asked.
    await withModel(async (model) => {
      const deaf = { ...model, gradients: (batch: Batch) => model.gradients(batch) };
      await expect(fineTune(deaf, { data, epochs: 1, rules: [distill({ teacher })] })).rejects.toMatchObject({
        code: 'distill-loss',
      });
    });
    teacher.dispose();
  });
});
