import type { Row } from '@espalier/experiment';
import { HOSTILE, report, row } from '@espalier/report/testing';
import { renderTable, toMarkdownTable } from './index.js';

const ESCAPE = '\u001b';
const plain = (text: string) => text.replace(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), '');
const widest = (text: string) =>
  Math.max(
    ...plain(text)
      .split('\n')
      .map((line) => line.length),
  );

describe('renderTable', () => {
  test('fits a hundred characters, and says what it left out', () => {
    const table = plain(renderTable(report()));
    expect(widest(table.split('\n\n')[1])).toBeLessThanOrEqual(100);
    expect(table).toContain('net: 1,010 parameters, 1,000 MACs a sample, accuracy in % on 2,000 samples of mnist');
    expect(table).toMatch(/^unstructured 90% +90% +97\.20 +10\.9% +10% .* 480 B +0\.100 ms +1\.02×$/m);
    expect(table).not.toContain('without room');
    const narrow = plain(renderTable(report(), { width: 60 }));
    expect(widest(narrow.split('\n\n')[1])).toBeLessThanOrEqual(60);
    expect(narrow).toContain('without room here, but in the report: sparsity, MACs, raw, gzip');
  });

  test('two trials that differ only in scorer are told apart', () => {
    const rows = ['magnitude', 'random'].map((scorer) =>
      row('unstructured', 0.5, 90, { id: scorer, scorer, fineTuned: { epochs: scorer === 'random' ? 3 : 2 } }),
    );
    const table = plain(renderTable(report({ rows })));
    expect(table).toContain('magnitude, fine-tuned 2 epochs');
    expect(table).toContain('random, fine-tuned 3 epochs');
  });
});

test('toMarkdownTable has every column and escapes bars', () => {
  const lines = toMarkdownTable(report({ rows: [row('a|b', 0.5, 97)] }))
    .trimEnd()
    .split('\n');
  expect(lines[0]).toMatch(
    /^\| trial +\| sparsity \| accuracy \| params \| +MACs \| +raw \| +gzip \| +brotli \| +wasm \|$/,
  );
  expect(lines).toHaveLength(4);
  expect(lines[3]).toContain('a\\|b 50%');
  const cells = lines.map((line) => line.split(/(?<!\\)\|/).length);
  expect(new Set(cells).size).toBe(1);
});

test('hostile names stay text, a stand-in is named, what was not measured is a dash', () => {
  const hostile = report({
    model: { ...report().model, name: HOSTILE },
    rows: [row(HOSTILE, 0.5, 97, { scorer: HOSTILE, notes: [HOSTILE] }), row('b', 0.5, 1)],
  });
  expect(renderTable(hostile)).not.toContain('\u202e');
  expect(renderTable(hostile)).not.toContain(`${ESCAPE}[31m`);
  const rows = [row('unstructured', 0.5, 97)].map((r) => ({ ...r, latency: [{ ...r.latency[0], ran: 'cpu' }] }));
  expect(renderTable(report({ rows }))).toContain('ran on cpu');
  const bare = (r: Row): Row => ({ ...r, accuracy: null, macs: null, bytes: null, latency: [] });
  const nothing = report({ data: null, rows: report().rows.map(bare) });
  for (const form of [renderTable(nothing), toMarkdownTable(nothing)]) {
    expect(form).not.toMatch(/NaN|undefined|null|Infinity/);
  }
});

test('the compact file has a column where one was written', () => {
  const compact = [{ values: 'float32', bytes: 321, accuracy: 98 }];
  const { dense } = report();
  const table = plain(renderTable(report({ dense: { ...dense, compact }, rows: [row('a', 0.5, 97, { compact })] })));
  expect(table).toMatch(/brotli +compact/);
  expect(table).toMatch(/a 50% .* 321 B/);
});
