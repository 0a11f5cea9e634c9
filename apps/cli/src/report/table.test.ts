import type { Row } from '@espalier/pipeline';
import { HOSTILE, report, row } from '../../../../packages/report/testing/report.js';
import { chinese } from '@espalier/report';
import widthOf from 'fast-string-width';
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
    expect(narrow.replace(/\n {2}/g, ' ')).toContain('without room here, but in the report: sparsity, MACs, raw, gzip');
  });

  test.each([60, 80, 140])('in Chinese every word is Chinese, every column in line and no line beyond %i', (width) => {
    const failure = {
      id: 'structured magnitude 0.99 tuned',
      strategy: 'structured',
      scorer: 'magnitude',
      code: 'channels-impossible',
      message: 'said in English',
      note: {
        code: 'channels-impossible',
        params: {
          ...{ sparsity: 0.99, total: 30, size: 27, most: 0.9 },
          why: { code: 'one-of-each', params: { count: 3 }, text: 'said in English' },
        },
        text: 'said in English',
      },
    };
    const why = { code: 'model-output', text: 'model output' };
    const notes = [{ code: 'left-alone', params: { id: 'fc3', why }, text: 'fc3 is left alone: model output' }];
    const text = plain(renderTable(report({ failures: [failure], notes }), { width, texts: chinese }));
    expect(Math.max(...text.split('\n').map((line) => widthOf(line)))).toBeLessThanOrEqual(width);
    const [, table, below] = text.split('\n\n');
    const lines = table.split('\n');
    expect(new Set(lines.map((line) => widthOf(line))).size).toBe(1);
    expect(lines[0]).toMatch(/^方案 .* 精度 /);
    // Lines break where a space was, or between two characters of Chinese.
    expect(below.replace(/\s/g, '')).toContain(
      '无法进行：通道 99%，幅值，微调后：对 30 个通道而言稀疏度 0.99 过高：3 个组各至少保留一个通道，只剩 27 个可移除；稀疏度请不要超过 0.9'.replace(
        /\s/g,
        '',
      ),
    );
    expect(below).toContain('说明：fc3 未剪枝：模型输出');
    expect(text.replace(/brotli|gzip|wasm|magnitude|MAC|float32/g, '')).not.toMatch(
      /\b(?!fc3|net|mnist)[a-z]{3,} [a-z]{3,}\b/,
    );
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
    rows: [row(HOSTILE, 0.5, 97, { scorer: HOSTILE, notes: [{ text: HOSTILE }] }), row('b', 0.5, 1)],
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
