/** A report to test with: five trials of three granularities. */
import { nmGranularity } from '@espalier/core';
import { type Panel, parseReport, type Report, type Row } from '@espalier/pipeline';

export const HOSTILE = '<script>alert("&")</script>\u001b[31m\u202e';

export const timing = { backend: 'wasm', ran: 'wasm', batch: 1, medianMs: 0.1, p10Ms: 0.09, p90Ms: 0.2, runs: 30 };

export function row(strategy: string, sparsity: number, pruned: number, rest: Partial<Row> = {}): Row {
  const kept = Math.round(1000 * (1 - sparsity));
  return {
    id: `${strategy} ${sparsity}`,
    strategy,
    scorer: 'magnitude',
    scope: 'global',
    sparsity: { requested: sparsity, achieved: sparsity },
    params: { total: 1010, prunable: 1000, kept: kept + 10 },
    macs: { dense: 1000, kept },
    bytes: { raw: 4500, gzip: 100 + 4 * kept, brotli: 80 + 4 * kept },
    accuracy: { dense: 98, pruned },
    latency: [
      {
        ...timing,
        denseMedianMs: 0.11,
        speedup: { median: 1.02, p10: 0.9, p90: 1.2 },
        theoretical: 1 / (1 - sparsity),
      },
    ],
    layers: [
      { id: 'fc1/kernel', shape: [20, 40], size: 800, kept: Math.round(0.8 * kept), threshold: 0.04 },
      { id: 'fc2/kernel', shape: [40, 5], size: 200, kept: Math.round(0.2 * kept), threshold: 0.04 },
    ],
    seconds: { score: 0.1, select: 0.1, measure: 1 },
    notes: [],
    ...rest,
  };
}

export const panel: Panel = {
  param: 'fc1/kernel',
  shape: [20, 40],
  threshold: 0.5,
  low: -1,
  high: 1,
  before: [200, 200, 200, 200],
  after: [50, 0, 0, 30],
  pruned: 720,
  mask: { of: [20, 40], rows: ['1010', '0101'] },
};

export const report = (rest: Partial<Report> = {}): Report =>
  parseReport({
    version: 2,
    created: '2026-01-02T03:04:05.000Z',
    command: 'espalier compare net --data mnist -o report',
    model: { name: 'net', layers: 2, params: 1010, macs: 1000 },
    data: { name: 'mnist', samples: 2000 },
    machine: { node: 'v20.20.0', cpu: 'a CPU', cores: 2, platform: 'linux x64', tfjs: '4.22.0' },
    dense: {
      params: 1010,
      macs: 1000,
      bytes: { raw: 4500, gzip: 4200, brotli: 4100 },
      accuracy: 98,
      latency: [timing],
    },
    rows: [
      row('unstructured', 0.5, 97.9, { panel, notes: [{ text: 'said of one' }] }),
      row('unstructured', 0.9, 97.2, { panel }),
      row('structured', 0.5, 90, { channels: { total: 45, kept: 23 } }),
      row('structured', 0.9, 40, { channels: { total: 45, kept: 5 } }),
      row('2:4', 0.5, 97.8, { granularity: nmGranularity(2, 4) }),
    ],
    failures: [],
    notes: [{ text: 'said of all' }],
    ...rest,
  } satisfies Report);
