import type { Row } from '@espalier/pipeline';
import { Resvg } from '@resvg/resvg-js';
import { figuresOf, renderReport, tablesOf, toCsv } from './files/index.js';
import { granularities, pruningDataOf } from './index.js';
import { HOSTILE, panel, report, row } from '../testing/report.js';

const ESCAPE = '\u001b';
/** The page without its figures. */
const words = (html: string) => html.replace(/<svg.*?<\/svg>/gs, '').replace(/<div class="tools">.*?<\/div>/gs, '');

describe('granularities', () => {
  test('the smallest trial within a point of dense, else the most accurate', () => {
    expect(granularities(report()).map(({ row: { id }, withinTolerance }) => [id, withinTolerance])).toEqual([
      ['unstructured 0.9', true],
      ['structured 0.5', false],
      ['2:4 0.5', true],
    ]);
  });

  test('without accuracy and files, the one that keeps least', () => {
    const rows = [row('unstructured', 0.5, 0), row('unstructured', 0.9, 0)].map((r) => ({
      ...r,
      accuracy: null,
      bytes: null,
    }));
    expect(granularities({ rows })[0].row.id).toBe('unstructured 0.9');
  });
});

describe('renderReport', () => {
  const html = renderReport(report());

  test('one file that asks for nothing else, under a megabyte', () => {
    expect(html).not.toMatch(/\b(?:src|href)="(?!data:)/);
    expect(html).not.toMatch(/@import|url\(|<script/);
    expect(html.match(/https?:\/\/[^"%]*/g)!.every((url) => url === 'http://www.w3.org/2000/svg')).toBe(true);
    expect(Buffer.byteLength(html)).toBeLessThan(1e6);
    expect(renderReport(report())).toBe(html);
  });

  test('stays under a megabyte where there is much to say', () => {
    const layers = Array.from({ length: 60 }, (_, i) => ({ ...row('a', 0.5, 90).layers[0], id: `block_${i}/kernel` }));
    const many = (count: number) =>
      report({
        rows: Array.from({ length: count }, (_, i) =>
          row(['unstructured', '2:4'][i % 2], 0.5 + (i % 10) / 25, 90, { id: `t${i}`, scorer: `s${i % 7}`, layers }),
        ),
      });
    const bytes = (page: string) => Buffer.byteLength(page);
    const [few, more, most] = [20, 120, 300].map((count) => renderReport(many(count)));
    for (const page of [few, more, most]) expect(bytes(page)).toBeLessThanOrEqual(1e6);
    expect([few, more, most].map((page) => page.includes('lang="zh-CN"'))).toEqual([true, false, false]);
    expect(most).toContain('Left out to keep this file small, but in the JSON: Where the zeros are');
  });

  test.each([
    'Pruning net',
    '1,010 parameters, 2 kernels, 1,000 MACs a sample',
    'mnist, accuracy on 2,000 samples',
    'a CPU, 2 cores, linux x64, Node v20.20.0, TensorFlow.js 4.22.0',
    '2026-01-02T03:04:05.000Z',
    'espalier compare net --data mnist -o report',
    '5 measured, scorer magnitude, scope global, batch 1',
    '97.20<span class="sub">−0.80</span>',
    '40.00<span class="sub bad">−58.00</span>',
    '10.9%<span class="sub">110</span>',
    '480 B<span class="sub">8.54×</span>',
    '0.100 ms<span class="sub">0.0900–0.200</span><span class="sub">1.02×</span>',
    'of 10.0× in MACs',
    '<li>said of all</li>',
    '<li>said of one<span class="sub">unstructured 50%</span></li>',
  ])('says %s', (text) => {
    expect(words(html)).toContain(text);
  });

  test('each figure and each table is a link to itself as a file, in both languages', () => {
    const links = [...html.matchAll(/<a download="([^"]*)" href="data:([^;]*);charset=utf-8,([^"]*)"/g)];
    const entities = (text: string) => text.replaceAll('&amp;', '&').replaceAll('&lt;', '<');
    const content = (of: string) => decodeURIComponent(entities(of));
    const figures = figuresOf(report()).map(({ name }) => `${name}.svg`);
    const once = ['granularities.csv', ...figures.slice(0, 2), 'trials.csv', 'trials.csv', ...figures.slice(2)];
    expect(links.map(([, name]) => name)).toEqual([...once, ...once]);
    const find = (name: string) => links.filter((link) => link[1] === name).map(([, , , of]) => content(of));
    expect(find('trials.csv')[0]).toBe(toCsv(report()));
    expect(find('accuracy-size.svg')[0]).toBe(figuresOf(report())[0].svg);
    expect(find('accuracy-size.svg')[1]).toBe(figuresOf(report(), { language: 'zh' })[0].svg);
    expect(html).toContain('aria-label="Download “Accuracy against size” as SVG"');
  });

  test('the notes name what was not possible', () => {
    const failure = { id: '2:4 0.5', strategy: '2:4', scorer: 'magnitude', code: 'nm-axis', message: 'needs 4, got 3' };
    expect(renderReport(report({ failures: [failure] }))).toContain('not possible: 2:4 0.5</span>: needs 4, got 3');
  });

  test('hostile names stay text', () => {
    const hostile = report({
      command: HOSTILE,
      model: { ...report().model, name: HOSTILE, path: HOSTILE },
      data: { name: HOSTILE, samples: 1 },
      rows: [
        row(HOSTILE, 0.5, 97, { scorer: HOSTILE, notes: [{ text: HOSTILE }], panel: { ...panel, param: HOSTILE } }),
        row('b', 0.5, 1),
      ],
      notes: [{ text: HOSTILE }],
    });
    expect(renderReport(hostile)).not.toContain('<script');
    expect(renderReport(hostile)).not.toContain(ESCAPE);
    expect(renderReport(hostile)).not.toContain('\u202e');
    for (const { name, svg } of figuresOf(hostile)) {
      expect(name).toMatch(/^[a-z0-9.-]+$/);
      expect(new Resvg(svg).width).toBeGreaterThan(0);
    }
  });

  test('a backend that stood in for another is named', () => {
    const rows = [row('unstructured', 0.5, 97)].map((r) => ({ ...r, latency: [{ ...r.latency[0], ran: 'cpu' }] }));
    expect(renderReport(report({ rows }))).toContain('ran on cpu');
  });

  test('what was not measured is a dash', () => {
    const bare = (r: Row): Row => ({ ...r, accuracy: null, macs: null, bytes: null, latency: [] });
    const { model, dense, rows } = report();
    const nothing = report({
      data: null,
      model: { ...model, macs: null },
      dense: { ...dense, accuracy: null, macs: null, bytes: null, latency: [] },
      rows: rows.map(bare),
    });
    for (const form of [words(renderReport(nothing)), toCsv(nothing)]) {
      expect(form).not.toMatch(/NaN|undefined|null|Infinity/);
    }
    expect(figuresOf(nothing).map(({ name }) => name)).toEqual(['layers-50', 'layers-90', 'pruning-unstructured']);
    expect(renderReport(report({ rows: [] }))).toContain('Every trial');
  });
});

describe('figuresOf', () => {
  test('one for each question, each name once', () => {
    const measured = ['accuracy-size', 'accuracy-latency-wasm', 'layers-50', 'layers-90'];
    expect(figuresOf(report()).map(({ name }) => name)).toEqual([...measured, 'pruning-unstructured']);
    const rows = report().rows.map((r) => ({ ...r, panel }));
    const names = figuresOf(report({ rows })).map(({ name }) => name);
    expect(names.slice(4)).toEqual(['pruning-unstructured', 'pruning-structured', 'pruning-2-4']);
  });

  test('the panels show a one-shot trial with a threshold where there is one', () => {
    const of = (sparsity: number, threshold: number | null, rest: Partial<Row> = {}) =>
      row('unstructured', sparsity, 97, { panel: { ...panel, threshold }, ...rest });
    const rows = [of(0.5, 0.5, { fineTuned: { epochs: 1 } }), of(0.6, null), of(0.7, 0.5), of(0.8, 0.5)];
    const { svg } = figuresOf(report({ rows })).find(({ name }) => name === 'pruning-unstructured')!;
    expect(svg).toContain('fc1/kernel [20, 40], unstructured 70%');
  });

  test('a panel becomes what the three panels are drawn from', () => {
    expect(pruningDataOf(panel)).toEqual({
      name: 'fc1/kernel',
      shape: [20, 40],
      size: 800,
      kept: 80,
      threshold: 0.5,
      before: { edges: [-1, -0.5, 0, 0.5, 1], counts: [200, 200, 200, 200] },
      after: { edges: [-1, -0.5, 0, 0.5, 1], counts: [50, 0, 0, 30] },
      corner: { of: [20, 40], shown: [2, 4], keep: [true, false, true, false, false, true, false, true] },
    });
  });
});

describe('tablesOf', () => {
  test('one line for each granularity, its numbers in full', () => {
    const [, { name, csv }] = tablesOf(report());
    const [head, ...lines] = csv.trimEnd().split('\r\n');
    const cells = (of: string, line: string) => line.split(',')[head.split(',').indexOf(of)];
    expect(name).toBe('granularities');
    expect(lines.map((line) => cells('trial', line))).toEqual(['unstructured 0.9', 'structured 0.5', '2:4 0.5']);
    expect(cells('within_a_point', lines[1])).toBe('false');
    expect(Number(cells('times_smaller_brotli', lines[0]))).toBeCloseTo(4100 / 480);
    expect(Number(cells('wasm_realised', lines[0]))).toBeCloseTo(0.102);
    expect(csv).not.toMatch(/NaN|undefined|null/);
    expect(tablesOf(report(), { language: 'zh' })[1].csv).toContain('任何硬件');
  });
});

describe('toCsv', () => {
  test('dense first, numbers in full, empty where there are none', () => {
    const [head, dense, first, ...others] = toCsv(report()).split('\r\n');
    const cell = (line: string, name: string) => line.split(',')[head.split(',').indexOf(name)];
    expect(cell(dense, 'id')).toBe('dense');
    expect(cell(dense, 'wasm_speedup')).toBe('');
    expect(cell(first, 'accuracy_percent')).toBe('97.9');
    expect(cell(first, 'bytes_brotli')).toBe('2080');
    expect(cell(first, 'wasm_speedup_theoretical')).toBe('2');
    expect(others).toHaveLength(5);
    expect(others[4]).toBe('');
  });

  test('quotes, and gives a spreadsheet no formula', () => {
    const rows = [row('=1+1,"a"', 0.5, 97)];
    expect(toCsv(report({ rows }))).toContain(`"'=1+1,""a"" 0.5","'=1+1,""a"""`);
  });
});
