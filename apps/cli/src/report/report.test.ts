import { parseReport, type Report, type Row } from '@espalier/experiment';
import { Resvg } from '@resvg/resvg-js';
import { pruningDataOf } from './figures.js';
import { granularities } from './granularity.js';
import { figuresOf, renderReport, renderTable, toCsv, toMarkdownTable } from './index.js';

const HOSTILE = '<script>alert("&")</script>\u001b[31m\u202e';

const timing = { backend: 'wasm', ran: 'wasm', batch: 1, medianMs: 0.1, p10Ms: 0.09, p90Ms: 0.2, runs: 30 };

function row(strategy: string, sparsity: number, pruned: number, rest: Partial<Row> = {}): Row {
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
      { ...timing, denseMedianMs: 0.11, speedup: { median: 1.02, p10: 0.9, p90: 1.2 }, theoretical: 1 / (1 - sparsity) },
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

const panel: Row['panel'] = {
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

const report = (rest: Partial<Report> = {}): Report =>
  parseReport({
    version: 1,
    created: '2026-01-02T03:04:05.000Z',
    command: 'espalier compare net --data mnist -o report',
    model: { name: 'net', layers: 2, params: 1010, macs: 1000 },
    data: { name: 'mnist', samples: 2000 },
    machine: { node: 'v20.20.0', cpu: 'a CPU', cores: 2, platform: 'linux x64', tfjs: '4.22.0' },
    dense: { params: 1010, macs: 1000, bytes: { raw: 4500, gzip: 4200, brotli: 4100 }, accuracy: 98, latency: [timing] },
    rows: [
      row('unstructured', 0.5, 97.9, { panel, notes: ['said of one'] }),
      row('unstructured', 0.9, 97.2, { panel }),
      row('structured', 0.5, 90, { channels: { total: 45, kept: 23 } }),
      row('structured', 0.9, 40, { channels: { total: 45, kept: 5 } }),
      row('2:4', 0.5, 97.8, { pattern: { keep: 2, group: 4 } }),
    ],
    failures: [],
    notes: ['said of all'],
    ...rest,
  } satisfies Report);

const ESCAPE = '\u001b';
const plain = (text: string) => text.replace(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), '');
const widest = (text: string) => Math.max(...plain(text).split('\n').map((line) => line.length));
/** The page without its figures. */
const words = (html: string) => html.replace(/<svg.*?<\/svg>/gs, '');

describe('granularities', () => {
  test('the smallest trial within a point of dense, else the most accurate', () => {
    expect(granularities(report()).map(({ row: { id }, withinTolerance }) => [id, withinTolerance])).toEqual([
      ['unstructured 0.9', true],
      ['structured 0.5', false],
      ['2:4 0.5', true],
    ]);
  });

  test('without accuracy and files, the one that keeps least', () => {
    const rows = [row('unstructured', 0.5, 0), row('unstructured', 0.9, 0)].map((r) => ({ ...r, accuracy: null, bytes: null }));
    expect(granularities({ rows })[0].row.id).toBe('unstructured 0.9');
  });
});

describe('renderReport', () => {
  const html = renderReport(report());

  test('one file that asks for nothing else, under a megabyte', () => {
    expect(html).not.toMatch(/\b(?:src|href)="(?!data:)/);
    expect(html).not.toMatch(/@import|url\(|<script/);
    expect(html.match(/https?:\/\/[^"]*/g)!.every((url) => url === 'http://www.w3.org/2000/svg')).toBe(true);
    expect(Buffer.byteLength(html)).toBeLessThan(1e6);
    expect(renderReport(report())).toBe(html);
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
    '0.100 ms<span class="sub">0.0900–0.200</span><span class="sub ">1.02×</span>',
    'of 10.0× in MACs',
    '<li>said of all</li>',
    '<li>said of one<span class="sub">unstructured 50%</span></li>',
  ])('says %s', (text) => {
    expect(words(html)).toContain(text);
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
      rows: [row(HOSTILE, 0.5, 97, { scorer: HOSTILE, notes: [HOSTILE], panel: { ...panel, param: HOSTILE } }), row('b', 0.5, 1)],
      notes: [HOSTILE],
    });
    expect(renderReport(hostile)).not.toContain('<script');
    expect(renderReport(hostile)).not.toContain(ESCAPE);
    expect(renderReport(hostile)).not.toContain('\u202e');
    for (const { name, svg } of figuresOf(hostile)) {
      expect(name).toMatch(/^[a-z0-9.-]+$/);
      expect(new Resvg(svg).width).toBeGreaterThan(0);
    }
    expect(renderTable(hostile)).not.toContain('\u202e');
    expect(renderTable(hostile)).not.toContain(`${ESCAPE}[31m`);
  });

  test('a backend that stood in for another is named', () => {
    const rows = [row('unstructured', 0.5, 97)].map((r) => ({ ...r, latency: [{ ...r.latency[0], ran: 'cpu' }] }));
    expect(renderReport(report({ rows }))).toContain('ran on cpu');
    expect(renderTable(report({ rows }))).toContain('ran on cpu');
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
    for (const form of [words(renderReport(nothing)), renderTable(nothing), toMarkdownTable(nothing), toCsv(nothing)]) {
      expect(form).not.toMatch(/NaN|undefined|null|Infinity/);
    }
    expect(figuresOf(nothing).map(({ name }) => name)).toEqual(['kept-50', 'kept-90', 'pruning-unstructured']);
    expect(renderReport(report({ rows: [] }))).toContain('Every trial');
  });
});

describe('figuresOf', () => {
  test('one for each question, each name once', () => {
    const measured = ['accuracy-size', 'accuracy-latency-wasm', 'kept-50', 'kept-90'];
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
    const rows = ['magnitude', 'random'].map((scorer) => row('unstructured', 0.5, 90, { id: scorer, scorer, fineTuned: { epochs: scorer === 'random' ? 3 : 2 } }));
    const table = plain(renderTable(report({ rows })));
    expect(table).toContain('magnitude, fine-tuned 2 epochs');
    expect(table).toContain('random, fine-tuned 3 epochs');
  });
});

test('toMarkdownTable has every column and escapes bars', () => {
  const lines = toMarkdownTable(report({ rows: [row('a|b', 0.5, 97)] })).trimEnd().split('\n');
  expect(lines[0]).toMatch(/^\| trial +\| sparsity \| accuracy \| params \| +MACs \| +raw \| +gzip \| +brotli \| +wasm \|$/);
  expect(lines).toHaveLength(4);
  expect(lines[3]).toContain('a\\|b 50%');
  const cells = lines.map((line) => line.split(/(?<!\\)\|/).length);
  expect(new Set(cells).size).toBe(1);
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
