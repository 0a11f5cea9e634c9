import '@tensorflow/tfjs-backend-cpu';
import { iterative, type PrunableModel, WEIGHTS } from '@espalier/core';
import { tinyNetwork } from '@espalier/conformance';
import { magnitude } from '@espalier/scorer-magnitude';
import { nm } from '@espalier/strategy-nm';
import { structured } from '@espalier/strategy-structured';
import * as tf from '@tensorflow/tfjs-core';
import type { Contender, Tools, Trial } from './tools.js';
import { runTrial } from './trial.js';
import { half, HAND, handModel, times, tools } from '../../testing/trials.js';

beforeAll(() => {
  tf.env().set('PROD', true);
  return tf.setBackend('cpu');
});
const made = handModel();
let model: PrunableModel;
beforeEach(() => void (model = made()));

describe('one trial', () => {
  test('is one row, worked by hand', async () => {
    const seen: string[] = [];
    const row = await runTrial({
      ...half,
      ...tools(seen),
      model,
      label: { strategy: 'unstructured', scope: 'global' },
    });
    const f = Math.fround;
    // Sizes ascending: −0, 0.1, 0.2, 0.3 go; 0.4, 0.5, 0.6, 0.7 stay.
    expect(row).toEqual({
      id: 'unstructured-global-magnitude-l1-0.5',
      strategy: 'unstructured',
      granularity: WEIGHTS,
      scorer: 'magnitude-l1',
      scope: 'global',
      sparsity: { requested: 0.5, achieved: 0.5 },
      params: { total: 12, prunable: 8, kept: 8 },
      macs: { dense: 8, kept: 4 },
      bytes: { raw: 48, gzip: 36, brotli: 24 },
      accuracy: { dense: 100 * f(0.1), pruned: 0 },
      latency: [{ backend: 'wasm', ran: 'cpu', batch: 1, ...times, denseMedianMs: 2, theoretical: 2 }],
      layers: [
        { id: 'hidden/kernel', shape: [2, 2], size: 4, kept: 2, threshold: f(0.3) },
        { id: 'out/kernel', shape: [2, 2], size: 4, kept: 2, threshold: f(0.3) },
      ],
      panel: {
        param: 'hidden/kernel',
        shape: [2, 2],
        threshold: f(0.3),
        low: f(-0.6),
        high: f(0.5),
        before: expect.any(Array),
        after: expect.any(Array),
        pruned: 2,
        mask: { of: [2, 2], rows: ['01', '10'] },
      },
      // Half a second between two looks at the clock; bytes, latency and two accuracies count as measuring.
      seconds: { score: 0.5, select: 0.5, measure: 2 },
      notes: [],
    });
    expect(seen).toEqual(['accuracy of 12', 'accuracy of 12', 'latency of dense and pruned']);
  });

  test('measures nothing it has no tool for', async () => {
    const row = await runTrial({ ...half, model });
    expect(row).toMatchObject({ bytes: null, accuracy: null, latency: [] });
    expect(row.seconds.measure).toBe(0);
  });

  test('takes the dense accuracy and the twin it is given', async () => {
    const seen: string[] = [];
    const twin = tinyNetwork({ weights: HAND });
    const row = await runTrial({ ...half, ...tools(seen), model, twin, denseAccuracy: 42 });
    expect(row.accuracy).toEqual({ dense: 42, pruned: 0 });
    expect(seen).toEqual(['accuracy of 12', 'latency of dense and pruned']);
    expect(twin.variable('hidden/kernel').isDisposed).toBe(false);
    twin.dispose();
  });

  test('times the dense model beside the masked one, not the masked one twice', async () => {
    const outputs: number[][] = [];
    const latency = async (contenders: readonly Contender[]) => {
      for (const { predict } of contenders) {
        const x = tf.tensor2d([[1, 0]]);
        const y = predict(x);
        outputs.push([...(await y.data())]);
        tf.dispose([x, y]);
      }
      return [];
    };
    await runTrial({ ...half, model, latency });
    const x = tf.tensor2d([[1, 0]]);
    const y = model.predict(x);
    expect(outputs[0]).toEqual([...(await y.data())]);
    expect(outputs[1]).not.toEqual(outputs[0]);
    tf.dispose([x, y]);
  });

  test('measures the smaller model where channels go', async () => {
    const seen: string[] = [];
    const row = await runTrial({ ...tools(seen), model, scorer: magnitude(), strategy: structured() });
    // One hidden unit of two goes: its 2 inputs, its bias and its 2 outputs.
    expect(row.params).toEqual({ total: 12, prunable: 8, kept: 7 });
    expect(row.channels).toEqual({ total: 2, kept: 1 });
    expect(row.bytes!.raw).toBe(4 * 7);
    expect(row.latency[0].theoretical).toBe(2);
    const params = { id: 'out', why: { text: 'model output' } };
    expect(row.notes).toContainEqual({ code: 'left-alone', params, text: 'out is left alone: model output' });
    expect(row.seconds.shrink).toBe(0.5);
    expect(seen).toEqual(['accuracy of 12', 'accuracy of 7', 'latency of dense and pruned']);
  });

  test('keeps the shapes when told to', async () => {
    const row = await runTrial({ ...tools(), model, scorer: magnitude(), strategy: structured(), keepShape: true });
    expect(row.params.kept).toBe(7);
    expect(row.bytes!.raw).toBe(4 * 12);
    expect(row.seconds.shrink).toBeUndefined();
  });

  test('carries its granularity', async () => {
    const row = await runTrial({ model, scorer: magnitude(), strategy: nm({ keep: 1, group: 2 }) });
    expect(row).toMatchObject({ id: '1:2-magnitude-l1-0.5', granularity: { name: '1:2' } });
    expect(row.layers.map(({ kept, threshold }) => [kept, threshold])).toEqual([
      [2, null],
      [2, null],
    ]);
  });

  test('fine-tunes after every step with the masks in force, and undoes it', async () => {
    const kept: number[] = [];
    const row = await runTrial({
      ...half,
      ...tools(),
      model,
      schedule: iterative({ sparsity: 0.75, steps: 2 }),
      fineTune: async (tuned, handles) => {
        for (const { id } of tuned.params) {
          const moved = tf.tidy(() => tf.add(tuned.variable(id), 1));
          tuned.variable(id).assign(moved);
          moved.dispose();
        }
        handles.forEach((handle) => handle.apply());
        kept.push((await tuned.read('out/kernel')).filter((w) => w !== 0).length);
        return { epochs: 3, loss: 2 - kept.length };
      },
    });
    expect(row.id).toBe('unstructured-global-magnitude-l1-0.5-tuned');
    expect(row).toMatchObject({ fineTuned: { epochs: 6 }, loss: 0, sparsity: { achieved: 0.75 } });
    expect(row.seconds.fineTune).toBe(1);
    expect(kept[1]).toBeLessThan(kept[0]);
  });

  test('training that diverges is an error', async () => {
    const diverging = runTrial({ ...half, model, fineTune: async () => ({ epochs: 1, loss: NaN }) });
    await expect(diverging).rejects.toMatchObject({ name: 'InputError', code: 'training-diverged' });
  });

  const no = async () => {
    throw new Error('no');
  };
  const nothing = { score: no, select: no };
  test.each<[string, Partial<Trial & Tools>]>([
    ['the scorer', { scorer: { name: 'bad', ...nothing } }],
    ['the strategy', { strategy: { name: 'bad', ...nothing } }],
    ['bytes', { sizesOf: no }],
    ['latency', { latency: no }],
    ['bytes of a smaller model', { strategy: structured(), sizesOf: no }],
    [
      'fine-tuning',
      {
        fineTune: async (tuned) => {
          const moved = tf.tidy(() => tf.zerosLike(tuned.variable('out/bias')));
          tuned.variable('out/bias').assign(moved);
          moved.dispose();
          return no();
        },
      },
    ],
  ])('puts the model back where %s throws', async (_, broken) => {
    await expect(runTrial({ ...half, ...tools(), model, ...broken })).rejects.toThrow('no');
  });

  test('says each phase, and stops where the listener throws', async () => {
    const phases: string[] = [];
    await runTrial({ ...tools(), model, scorer: magnitude(), strategy: structured(), onPhase: (p) => phases.push(p) });
    expect(phases).toEqual(['accuracy', 'score', 'select', 'shrink', 'bytes', 'accuracy', 'latency']);
    const stop = (phase: string) => {
      if (phase === 'bytes') throw new Error('stop');
    };
    await expect(runTrial({ ...half, ...tools(), model, onPhase: stop })).rejects.toThrow('stop');
  });
});

test('a repair changes what stays, for the time of the trial', async () => {
  const seen: number[] = [];
  const repair: Trial['repair'] = {
    name: 'threes',
    repair: async ({ model: net }, plan) => {
      const values = await net.read('hidden/kernel');
      const mask = await plan.mask('hidden/kernel');
      return { plan, values: { 'hidden/kernel': values.map((_, i) => ((mask.bytes[0] >> i) & 1 ? 3 : 0)) } };
    },
  };
  const accuracy = async (of: PrunableModel) => {
    seen.push((await of.read('hidden/kernel')).filter((w) => w === 3).length);
    return 50;
  };
  const row = await runTrial({ ...half, model, repair, accuracy });
  expect(seen).toEqual([0, row.layers.find(({ id }) => id === 'hidden/kernel')!.kept]);
});
