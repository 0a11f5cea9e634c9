import { InputError } from '@espalier/core';
import { Resvg } from '@resvg/resvg-js';
import fc from 'fast-check';
import { bars, frontier, pareto, type ParetoPoint } from './index.js';
import { placeLabels } from './place-labels.js';
import { textWidth } from './theme.js';

const at = (x: number, y: number) => ({ x, y });
const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
const expectWellFormed = (svg: string) => {
  expect(new Resvg(svg).width).toBeGreaterThan(0);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
};

describe('frontier', () => {
  test.each([
    ['the beaten are left out', [at(1, 50), at(2, 90), at(3, 80), at(4, 95)], [at(1, 50), at(2, 90), at(4, 95)]],
    ['equal x: the better y', [at(1, 50), at(1, 60)], [at(1, 60)]],
    ['equal y: the better x', [at(2, 50), at(1, 50)], [at(1, 50)]],
    ['equal points: one of them', [at(1, 1), at(1, 1)], [at(1, 1)]],
    ['one', [at(3, 3)], [at(3, 3)]],
    ['none', [], []],
  ])('%s', (_, points, expected) => {
    expect(frontier(points)).toEqual(expected);
  });

  test('more can be better, and less', () => {
    const points = [at(1, 10), at(2, 5), at(3, 7)];
    expect(frontier(points, { x: 'higher', y: 'higher' })).toEqual([at(3, 7), at(1, 10)]);
    expect(frontier(points, { x: 'lower', y: 'lower' })).toEqual([at(1, 10), at(2, 5)]);
  });

  test('law: nothing beats what is on it, and something on it beats or equals the rest', () => {
    const point = fc.record({ x: fc.integer({ min: 0, max: 6 }), y: fc.integer({ min: 0, max: 6 }) });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 20 }), (points) => {
        const best = frontier(points);
        const covers = (a: (typeof points)[0], b: (typeof points)[0]) => a.x <= b.x && a.y >= b.y;
        for (const b of best) expect(points.some((p) => covers(p, b) && (p.x !== b.x || p.y !== b.y))).toBe(false);
        for (const p of points) expect(best.some((b) => covers(b, p))).toBe(true);
      }),
    );
  });
});

test('placeLabels: no label covers another or leaves the area, whatever the crowd', () => {
  const area = { left: 0, top: 0, right: 200, bottom: 120 };
  const point = fc.record({
    x: fc.integer({ min: 0, max: 200 }),
    y: fc.integer({ min: 0, max: 120 }),
    label: fc.constantFrom('50%', 'dense', 'a longer one'),
  });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 25 }), (points) => {
      const boxes = placeLabels(points, { area, size: 11, radius: 5, taken: [] }).map(({ index, x, y }) => {
        const half = textWidth(points[index].label, 11) / 2;
        return { left: x - half, right: x + half, top: y - 5, bottom: y + 5 };
      });
      for (const [i, a] of boxes.entries()) {
        expect(a.left >= 0 && a.right <= 200 && a.top >= 0 && a.bottom <= 120).toBe(true);
        for (const b of boxes.slice(0, i)) {
          expect(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).toBe(false);
        }
      }
    }),
  );
});

describe('pareto', () => {
  const points: ParetoPoint[] = [
    { label: 'dense', x: 1000, y: 98, series: 'dense', dense: true },
    { label: '90%', x: 100, y: 97, series: 'unstructured', lo: 90, hi: 120 },
    { label: '50%', x: 500, y: 98.1, series: 'unstructured' },
    { label: '90%', x: 110, y: 60, series: '<structured>' },
  ];

  test('labels, legend and axes are written', () => {
    const svg = pareto(points, { title: 'A & B', xLabel: 'bytes', yLabel: 'accuracy, %' });
    expectWellFormed(svg);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining(['A &amp; B', 'bytes', 'accuracy, %', 'dense', '50%', 'unstructured', '&lt;structured>']),
    );
    expect(pareto(points)).toBe(pareto(points));
  });

  test('labels without room are counted', () => {
    const crowd = Array.from({ length: 40 }, () => ({ ...points[1], label: 'the same place' }));
    const svg = pareto(crowd);
    const written = textsOf(svg).filter((text) => text === 'the same place').length;
    expect(written).toBeGreaterThan(0);
    expect(svg).toContain(`${40 - written} labels left out for room`);
  });

  test.each([
    ['one point', points.slice(0, 1), {}],
    ['a log axis', points, { xScale: 'log' as const }],
    ['a log axis over ten decades', [points[0], { ...points[1], x: 1e-7, lo: undefined }], { xScale: 'log' as const }],
    ['all alike', [points[1], points[1]], {}],
    ['zeros', [{ label: '', x: 0, y: 0, series: '' }], {}],
    ['twenty series', Array.from({ length: 20 }, (_, i) => ({ ...points[1], series: `series ${i}` })), {}],
    ['transparent', points, { background: 'none' as const }],
  ])('%s', (_, some, options) => expectWellFormed(pareto(some, options)));

  test.each([
    [[], {}, 'figure-empty'],
    [[{ ...points[0], y: NaN }], {}, 'figure-not-finite'],
    [[{ ...points[0], hi: Infinity }], {}, 'figure-not-finite'],
    [[{ ...points[0], x: 0 }], { xScale: 'log' as const }, 'figure-log'],
  ])('refuses %#', (some, options, code) => {
    expect(() => pareto(some, options)).toThrow(InputError);
    expect(() => pareto(some, options)).toThrow(expect.objectContaining({ code }));
  });
});

describe('bars', () => {
  test('a bar is as long as its share', () => {
    const svg = bars([
      { label: 'a', value: 1 },
      { label: 'b', value: 0.25 },
      { label: 'c', value: 0 },
    ]);
    expectWellFormed(svg);
    const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"[^>]* fill="#3a7fc2"/g)].map(([, w]) => Number(w));
    expect(widths).toHaveLength(3);
    expect(widths[2]).toBe(0);
    expect(widths[1] / widths[0]).toBeCloseTo(0.25, 2);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['100%', '25%', '0%']));
  });

  test('series get a legend, a single one without a name none', () => {
    expect(textsOf(bars([{ label: 'a', value: 1, series: 'N:M' }]))).toContain('N:M');
    const long = bars([{ label: `${'x'.repeat(90)}/kernel`, value: 0.5 }]);
    expect(textsOf(long).some((text) => /^x+…x*\/kernel$/.test(text))).toBe(true);
  });

  test.each([
    [[], 'figure-empty'],
    [[{ label: 'a', value: 1.01 }], 'figure-share'],
    [[{ label: 'a', value: NaN }], 'figure-share'],
  ])('refuses %#', (items, code) => {
    expect(() => bars(items)).toThrow(expect.objectContaining({ code }));
  });
});
