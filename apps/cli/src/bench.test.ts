import { benchTables } from './bench/table.js';
import type { BenchReport } from './bench/report.js';
import { espalier, scratch, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');

/** A convolution on pictures of any size, its mean over them, and a dense layer. */
const open = tinyModel(
  dir,
  'open',
  (json) => {
    const layer = (class_name: string, config: Record<string, unknown>) => ({ class_name, config });
    json.modelTopology.config.layers = [
      layer('Conv2D', {
        name: 'conv',
        filters: 8,
        kernel_size: [3, 3],
        padding: 'valid',
        batch_input_shape: [null, null, null, 2],
      }),
      layer('GlobalAveragePooling2D', { name: 'pool' }),
      layer('Dense', { name: 'fc', units: 3 }),
    ];
    const spec = (name: string, shape: number[]) => ({ name, shape, dtype: 'float32' });
    json.weightsManifest[0].weights = [
      spec('conv/kernel', [3, 3, 2, 8]),
      spec('conv/bias', [8]),
      spec('fc/kernel', [8, 3]),
      spec('fc/bias', [3]),
    ];
  },
  new Uint8Array(Float32Array.from({ length: 144 + 8 + 24 + 3 }, (_, i) => Math.sin(i + 1)).buffer),
);

const quick = ['--rounds', '2'];

test('one JSON document: every sparsity, whole and by layer, with theory and the kernels chosen', () => {
  const run = espalier(['bench', tiny, '--sparsities', '0,0.5', '--scope', 'local', ...quick, '--json']);
  expect([run.code, run.stderr.includes('bench 0%, 50%')]).toEqual([0, true]);
  const report = run.json() as BenchReport;
  expect(report).toMatchObject({ version: 1, strategy: 'unstructured', scope: 'local', inputShape: [4], batch: 1 });
  const [{ backend, rows }, ...others] = report.backends;
  expect([backend, rows.length, others]).toEqual(['wasm', 2, []]);
  const [asIs, half] = rows;
  expect(asIs).toMatchObject({ sparsity: { achieved: 0 }, macs: { dense: 42, kept: 42 }, theoretical: 1 });
  expect(half).toMatchObject({
    sparsity: { requested: 0.5, achieved: 0.5 },
    params: { total: 51, kept: 30 },
    macs: { dense: 42, kept: 21 },
    theoretical: 2,
  });
  expect(half.runtimes.map(({ runtime }) => runtime)).toEqual(['stock', 'accelerate', 'compile']);
  expect(half.runtimes[2].reason).toMatch(/^compiled, it ran/);
  for (const { speedup, medianMs } of half.runtimes) {
    expect(medianMs).toBeGreaterThan(0);
    expect(speedup.p10).toBeLessThanOrEqual(speedup.median);
    expect(speedup.median).toBeLessThanOrEqual(speedup.p90);
  }
  expect(half.layers!.map(({ id, shape, sparsity, theoretical }) => [id, shape, sparsity, theoretical])).toEqual([
    ['fc1/kernel', [4, 6], 0.5, 2],
    ['fc2/kernel', [6, 3], 0.5, 2],
  ]);
  const [, accelerated] = half.layers![0].runtimes;
  expect(accelerated.reason).toMatch(/^[a-z\d-]+ ran [\d.]+× as fast as the stock kernel/);
});

test('sizes left open: an error that names the option, and with it a run', () => {
  const missing = espalier(['bench', open, ...quick, '--json']);
  expect([missing.code, missing.json().error.code]).toEqual([2, 'input-shape']);
  expect(missing.stderr).toContain(
    '[?, ?, 2] leaves sizes open; give the sizes of one sample, such as --input-shape 224,224,2',
  );

  const run = espalier([
    'bench',
    open,
    '--input-shape',
    '9,7,2',
    '--batch',
    '3',
    '--sparsities',
    '0.75',
    ...quick,
    '--json',
  ]);
  expect(run.code).toBe(0);
  const [row] = (run.json() as BenchReport).backends[0].rows;
  // 3 samples of 7 × 5 pixels.
  expect(row.macs.dense).toBe(144 * 105 + 24 * 3);
  expect(row.layers![0]).toMatchObject({ calls: [{ inputs: { x: [3, 9, 7, 2], filter: [3, 3, 2, 8] } }] });
});

test('structured models have other shapes; cpu has the stock kernels alone; --no-layers leaves layers out', () => {
  const args = ['--strategy', 'structured', '--backends', 'cpu,wasm', '--sparsities', '0.5', '--no-layers', '--json'];
  const report = espalier(['bench', tiny, ...args, ...quick]).json() as BenchReport;
  expect(report.backends.map(({ backend, rows }) => [backend, rows[0].runtimes.map(({ runtime }) => runtime)])).toEqual(
    [
      ['cpu', ['stock']],
      ['wasm', ['stock', 'accelerate', 'compile']],
    ],
  );
  // 3 of 6 channels: 4·3 + 3·3 of 4·6 + 6·3.
  expect(report.backends[0].rows[0]).toMatchObject({ macs: { dense: 42, kept: 21 }, theoretical: 2 });
  expect(report.backends[0].rows[0].layers).toBeUndefined();
});

test('an N:M pattern has its own sparsity, beside 0; blocks go by their size', () => {
  const report = espalier([
    'bench',
    tiny,
    '--strategy',
    '2:4',
    '--no-layers',
    ...quick,
    '--json',
  ]).json() as BenchReport;
  expect(report.strategy).toBe('2:4');
  expect(report.backends[0].rows.map(({ sparsity }) => sparsity.requested)).toEqual([0, 0.5]);
  const blocks = espalier([
    'bench',
    tiny,
    '--strategy',
    '2x1',
    '--sparsities',
    '0.5',
    '--no-layers',
    ...quick,
    '--json',
  ]).json();
  expect([blocks.strategy, blocks.backends[0].rows[0].theoretical]).toEqual(['2x1 blocks', expect.closeTo(2, 0)]);
});

test.each<[string, string[], number, string]>([
  ['no such model', ['nothing-here'], 3, 'nothing there'],
  ['unknown backend', [tiny, '--backends', 'abacus'], 2, 'cpu, wasm'],
  ['unknown strategy', [tiny, '--strategy', 'blocky'], 2, "--strategy 'blocky': wanted one of unstructured"],
  ['a shape that is not the model’s', [tiny, '--input-shape', '5'], 2, 'its samples are [4], --input-shape gives [5]'],
  ['a shape of another rank', [open, '--input-shape', '8,8'], 2, 'its samples are [?, ?, 2]'],
  ['a shape too small for the model', [open, '--input-shape', '2,2,2'], 3, 'does not run on an input of [1, 2, 2, 2]'],
  ['no number', [tiny, '--input-shape', '4,x'], 2, '--input-shape wants a positive integer'],
  ['a sparsity that is none', [tiny, '--sparsities', '2'], 2, '--sparsity'],
])('%s', (_name, args, code, message) => {
  const run = espalier(['bench', ...args, ...quick], dir);
  expect(run.stderr).toContain(message);
  expect([run.code, run.stdout]).toEqual([code, '']);
});

describe('the tables', () => {
  const times = { medianMs: 1.5, p10Ms: 1, p90Ms: 2 };
  const runtime = (name: string, median: number) => ({
    runtime: name,
    ...times,
    speedup: { median, p10: 0.9, p90: 12 },
  });
  const row = {
    sparsity: { requested: 0.9, achieved: 0.9 },
    params: { total: 100, kept: 12 },
    macs: { dense: 1000, kept: 100 },
    theoretical: 10,
    dense: times,
    runtimes: [
      runtime('stock', 1),
      runtime('accelerate', 10),
      { ...runtime('compile', 20), ran: 'stock', reason: 'it is\u001b odd' },
    ],
    notes: [],
  };
  const layer = (id: string, kernel: string) => ({
    ...row,
    id,
    shape: [4, 4],
    prunedShape: [4, 4],
    sparsity: 0.9,
    calls: [],
    runtimes: [runtime('stock', 1), { ...runtime('accelerate', 10), kernel, reason: 'quick' }],
  });
  const report: BenchReport = {
    version: 1,
    created: '',
    command: '',
    model: { name: 'a\u001b[31mb', path: '', params: 100 },
    strategy: 'unstructured',
    scorer: 'magnitude',
    inputShape: [4],
    batch: 1,
    rounds: 30,
    seed: 0,
    machine: { node: '', cpu: '', cores: 1, platform: '', tfjs: '' },
    notes: [
      {
        text: 'webgpu: measured on a device whose name is so long that it takes two lines of a terminal, or even three',
      },
    ],
    backends: [
      {
        backend: 'wasm',
        rows: [
          {
            ...row,
            layers: [
              layer('block_13_expand/with/a/long/name/kernel', 'unstructured-vector'),
              layer('b\u009b1', 'stock'),
            ],
          },
        ],
      },
    ],
  };

  test.each([80, 100, 120])('stay within %i columns and obey no stranger’s file', (width) => {
    const text = benchTables(report, width);
    const lines = text.split('\n');
    // eslint-disable-next-line no-control-regex -- colours are ours
    const bare = lines.map((line) => line.replace(/\u001b\[\d+m/g, ''));
    expect(Math.max(...bare.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(bare.join('')).not.toMatch(/\p{Cc}/u);
    expect(text).toMatch(/1.50 ms\s+10.0× \(0.90–12.00\)/);
    expect(text).toContain('unstructured-vector');
    expect(text).toContain('20.0×');
    expect(text).toContain('compile: stock, it is');
  });
});
