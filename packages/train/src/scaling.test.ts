import '@tensorflow/tfjs-backend-cpu';
import { tinyNetwork } from '@espalier/conformance';
import { countKept, isKept, nmGranularity } from '@espalier/core';
import { nm } from '@espalier/strategy-nm';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import { lotteryTicket, srSte } from './index.js';
import { data, labels } from '../testing/data.js';
import { withModel, KERNELS, keptOf, trained } from '../testing/trained.js';

beforeAll(() => tf.setBackend('cpu'));

describe('SR-STE', () => {
  test('one step of SGD by hand: dense weights learn from the masked ones, and those outside decay', () =>
    withModel(async (model) => {
      const strategy = nm({ keep: 1, group: 2 });
      const before = await Promise.all(KERNELS.map((id) => model.read(id)));
      // The same step by other means.
      const twin = tinyNetwork();
      const plan = await strategy.select({
        ...twin,
        scores: { params: KERNELS, read: async (id) => (await twin.read(id)).map(Math.abs) },
        sparsity: 0.5,
      });
      const bits = await Promise.all(KERNELS.map((id) => plan.mask(id)));
      const masked = await twin.mask(plan);
      masked.apply();
      const [x, y] = [
        tf.tensor(data.x, [30, 4]),
        tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 3), 'float32')),
      ];
      const { grads } = await twin.gradients({ x, y });
      const g = await Promise.all(KERNELS.map(async (id) => (await grads[id].data()).slice()));
      tf.dispose([x, y, grads]);
      masked.makePermanent();
      twin.dispose();
      let after: Float32Array[] = [];
      const rule = srSte({ strategy, decay: 0.5 });
      const { plan: last, handle } = await trained(model, {
        epochs: 1,
        batchSize: 30,
        learningRate: 0.1,
        optimizer: tf.train.sgd,
        rules: [rule],
        onEpoch: async () => void (after = await Promise.all(KERNELS.map((id) => model.read(id)))),
      });
      KERNELS.forEach((_, k) =>
        after[k].forEach((w, i) => {
          const decay = isKept(bits[k], i) ? 0 : 0.5 * before[k][i];
          expect(w).toBeCloseTo(before[k][i] - 0.1 * (g[k][i] + decay), 5);
        }),
      );
      expect(last!.granularity).toEqual(nmGranularity(1, 2));
      expect(await keptOf(last!)).toEqual([12, 9]);
      for (const id of KERNELS)
        expect((await model.read(id)).filter((v) => v !== 0)).toHaveLength(countKept(await last!.mask(id)));
      handle!.makePermanent();
    }));
  test('what it cannot be made from', () => {
    expect(() => srSte({ strategy: unstructured() })).toThrow(expect.objectContaining({ code: 'sr-ste-strategy' }));
    expect(() => srSte({ strategy: nm(), decay: -1 })).toThrow(expect.objectContaining({ code: 'sr-ste-decay' }));
  });
});

describe('lottery tickets', () => {
  test('rounds remove the same fraction of what is left, and the last ticket is trained', () =>
    withModel(async (model) => {
      const rounds: [number, number][] = [];
      const { plan, handle, losses } = await lotteryTicket(model, {
        data,
        epochs: 4,
        batchSize: 10,
        learningRate: 0.05,
        strategy: unstructured({ scope: 'local' }),
        sparsity: 0.75,
        rounds: 2,
        rewindTo: 1,
        onRound: (round, sparsity) => rounds.push([round, sparsity]),
      });
      expect(rounds).toEqual([
        [0, 0],
        [1, 0.5],
        [2, 0.75],
      ]);
      expect(losses).toHaveLength(3);
      expect(await keptOf(plan)).toEqual([6, 4]);
      for (const id of KERNELS)
        expect((await model.read(id)).filter((v) => v !== 0)).toHaveLength(countKept(await plan.mask(id)));
      handle.makePermanent();
    }));
  test('with a rate of next to nothing, every round starts and ends at the first weights', () =>
    withModel(async (model) => {
      const first = await model.read('hidden/kernel');
      const options = {
        data,
        epochs: 2,
        learningRate: 1e-30,
        optimizer: tf.train.sgd,
        strategy: unstructured({ scope: 'local' as const }),
        sparsity: 0.75,
        rounds: 3,
      };
      const { plan, handle } = await lotteryTicket(model, options);
      const bits = await plan.mask('hidden/kernel');
      expect(await model.read('hidden/kernel')).toEqual(first.map((w, i) => (isKept(bits, i) ? w : 0)));
      handle.makePermanent();
      await expect(lotteryTicket(model, { ...options, rewindTo: 2 })).rejects.toMatchObject({ code: 'rewind' });
    }));
});
