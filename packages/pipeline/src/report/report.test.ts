import { blockGranularity, nmGranularity } from '@espalier/core';
import { parseReport, type Report } from './report.js';

const timing = { backend: 'wasm', ran: 'wasm', batch: 1, medianMs: 2, p10Ms: 1, p90Ms: 3, runs: 30 };

const sample = (): Report => ({
  version: 2,
  created: '2026-01-02T03:04:05Z',
  command: 'espalier compare tiny',
  model: { name: 'tiny', path: 'tiny/model.json', layers: 1, params: 4, macs: null },
  data: { name: 'mnist', samples: 10, shared: true },
  machine: { cpu: 'a cpu', cores: 2, platform: 'web', tfjs: '4.22.0' },
  dense: { params: 4, macs: null, bytes: null, accuracy: 97.5, latency: [timing] },
  rows: [
    {
      id: 'a',
      strategy: 'nm',
      scorer: 'random',
      granularity: nmGranularity(1, 2),
      sparsity: { requested: 0.5, achieved: 0.5 },
      params: { total: 4, prunable: 4, kept: 2 },
      macs: null,
      bytes: { raw: 16, gzip: 20, brotli: 12 },
      accuracy: { dense: 97.5, pruned: 90 },
      latency: [{ ...timing, denseMedianMs: 4, speedup: { median: 2, p10: 1, p90: 3 }, theoretical: null }],
      layers: [{ id: 'fc/kernel', shape: [2, 2], size: 4, kept: 2, threshold: null }],
      seconds: { score: 0, select: 0, measure: 1 },
      notes: [],
    },
  ],
  failures: [{ id: 'b', strategy: 'nm', scorer: 'random', code: 'nm-axis', message: 'no' }],
  notes: [{ text: 'a note' }],
});

test('a report survives JSON and the check', () => {
  expect(parseReport(JSON.parse(JSON.stringify(sample())))).toEqual(sample());
});

test('a report of version 1, which named N:M and blocks alone, is read as the present one', () => {
  const { rows, ...rest } = sample();
  const old = (fields: object) => ({ ...rows[0], granularity: undefined, ...fields });
  const file = { ...rest, version: 1, rows: [old({ pattern: { keep: 1, group: 2 } }), old({ id: 'c' })] };
  const blocks = old({ id: 'd', block: { outputs: 4, inputs: 1 } });
  const read = parseReport(JSON.parse(JSON.stringify({ ...file, rows: [...file.rows, blocks] })));
  expect(read.rows.map((row) => row.granularity)).toEqual([nmGranularity(1, 2), undefined, blockGranularity(4, 1)]);
  expect({ ...read, rows: [read.rows[0]] }).toEqual(sample());
  expect(() => parseReport({ ...file, rows: [old({ pattern: { keep: 0, group: 2 } }), null] })).toThrow(
    expect.objectContaining({ code: 'report-invalid' }),
  );
});

test('notes that are strings, as reports of version 1 have them, are notes without a code', () => {
  const old = { ...sample(), notes: ['one'], rows: sample().rows.map((each) => ({ ...each, notes: ['two'] })) };
  for (const version of [1, 2]) {
    const { notes, rows } = parseReport({ ...old, version });
    expect([notes, rows[0].notes]).toEqual([[{ text: 'one' }], [{ text: 'two' }]]);
  }
});

const row = (change: object) => (report: Report) => ({ ...report, rows: [{ ...report.rows[0], ...change }] });

function deep(levels: number): object {
  let note: object = { text: 'x' };
  for (let i = 0; i < levels; i++) note = { text: 'x', params: { why: note } };
  return note;
}

test.each<[string, (report: Report) => unknown, string]>([
  ['another version', (r) => ({ ...r, version: 3 }), 'report.version'],
  ['a date that is none', (r) => ({ ...r, created: 'yesterday' }), 'report.created'],
  ['percent for a fraction', row({ sparsity: { requested: 90, achieved: 0.9 } }), 'report.rows.0.sparsity.requested'],
  ['a fraction for a count', row({ params: { total: 1.5, prunable: 1, kept: 1 } }), 'report.rows.0.params.total'],
  [
    'a number that JSON turned into null',
    row({ accuracy: { dense: 1, pruned: null } }),
    'report.rows.0.accuracy.pruned',
  ],
  ['notes that are none', (r) => ({ ...r, notes: [{ code: 'x' }] }), 'report.notes.0'],
  ['notes within notes without end', (r) => ({ ...r, notes: [deep(10_000)] }), 'report.notes.0'],
  ['a missing field', (r) => ({ ...r, machine: {} }), 'report.machine.cpu'],
  ['no object', () => 'nothing', 'report'],
])('refuses %s and names the field', (_, change, where) => {
  expect(() => parseReport(change(sample()))).toThrow(
    expect.objectContaining({ name: 'InputError', code: 'report-invalid', where }),
  );
});
