import '@tensorflow/tfjs-backend-cpu';
import { InputError, OutputError, type PrunableModel, UsageError } from '@espalier/core';
import { gradient } from '@espalier/scorer-gradient';
import { magnitude } from '@espalier/scorer-magnitude';
import { nm } from '@espalier/strategy-nm';
import { structured } from '@espalier/strategy-structured';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import { type About, runComparison } from './comparison.js';
import { parseReport } from '../report/report.js';
import { half, handModel, times, tools } from '../../testing/trials.js';

beforeAll(() => {
  tf.env().set('PROD', true);
  return tf.setBackend('cpu');
});
const made = handModel();
let model: PrunableModel;
beforeEach(() => void (model = made()));

describe('a comparison', () => {
  const about: About = {
    created: '2026-01-02T03:04:05.000Z',
    command: 'espalier compare tiny',
    model: { name: 'tiny' },
    data: null,
    machine: { node: '20.0.0', cpu: 'a cpu', cores: 2, platform: 'linux x64', tfjs: '4.22.0' },
  };

  test('is the dense model and a row a trial', async () => {
    const progress: string[] = [];
    const finished: string[] = [];
    const report = await runComparison({
      ...tools(),
      model,
      about,
      trials: [half, { ...half, sparsity: 0.25 }, { scorer: magnitude(), strategy: structured() }],
      onProgress: ({ done, total, id, phase }) => progress.push(`${done}/${total} ${id} ${phase}`),
      onRow: ({ id }) => finished.push(id),
    });
    expect(report.model).toEqual({ name: 'tiny', layers: 2, params: 12, macs: 8 });
    const { medianMs, p10Ms, p90Ms, runs } = times;
    expect(report.dense).toEqual({
      params: 12,
      macs: 8,
      bytes: { raw: 48, gzip: 36, brotli: 24 },
      accuracy: 100 * Math.fround(0.1),
      latency: [{ backend: 'wasm', ran: 'cpu', batch: 1, medianMs, p10Ms, p90Ms, runs }],
    });
    expect(report.rows.map(({ sparsity }) => sparsity.requested)).toEqual([0.5, 0.25, 0.5]);
    expect(finished).toEqual(report.rows.map(({ id }) => id));
    expect(progress[0]).toBe('0/4 dense bytes');
    expect(progress.filter((line) => line.includes(' structured-global-'))[0]).toMatch(/^3\/4 .* score$/);
    expect(parseReport(JSON.parse(JSON.stringify(report)))).toEqual(report);
  });

  test('a trial that does not suit the model is a failure among rows', async () => {
    const report = await runComparison({
      model,
      about,
      trials: [
        { scorer: magnitude(), strategy: nm({ keep: 2, group: 4 }), label: { strategy: 'nm' } },
        { scorer: gradient(), strategy: unstructured() },
        half,
      ],
    });
    expect(report.failures).toEqual([
      {
        id: '2:4-magnitude-l1-0.5',
        strategy: 'nm',
        scorer: 'magnitude-l1',
        sparsity: 0.5,
        code: 'nm-axis',
        message: expect.stringContaining("'hidden/kernel' divisible by 4, got 2"),
      },
      expect.objectContaining({ id: 'unstructured-global-gradient-0.5', code: 'data-missing' }),
    ]);
    expect(report.rows.map(({ id }) => id)).toEqual(['unstructured-global-magnitude-l1-0.5']);
    expect(report.dense).toMatchObject({ bytes: null, accuracy: null, latency: [] });
  });

  test.each([new Error('a fault'), new OutputError('output-unwritable', 'disk full')])('%p ends it', async (error) => {
    let calls = 0;
    const sizesOf = async () => {
      if (calls++ > 0) throw error;
      return { raw: 1, gzip: 1, brotli: 1 };
    };
    await expect(runComparison({ ...tools(), sizesOf, model, about, trials: [half] })).rejects.toBe(error);
  });

  test('the dense model has to work', async () => {
    const accuracy = async () => {
      throw new InputError('data-shape', 'does not fit');
    };
    await expect(runComparison({ ...tools(), accuracy, model, about, trials: [half] })).rejects.toThrow('does not fit');
  });

  test('two trials of one name are a mistake', async () => {
    const twice = runComparison({ model, about, trials: [half, half] });
    await expect(twice).rejects.toMatchObject({ name: 'UsageError', code: 'trial-duplicate' });
    await expect(twice).rejects.toBeInstanceOf(UsageError);
  });
});
