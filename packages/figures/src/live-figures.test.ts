import { Resvg } from '@resvg/resvg-js';
import { bitsFrom } from '@espalier/core';
import { beforeAfter, maskMap, type MaskMapData, pruningData } from './index.js';

const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
const values = Float32Array.of(-4, -1, -0.5, 0.5, 1, 2, 3, 4);
const data = (threshold: number | null = 1) =>
  pruningData({
    name: 'fc <1>',
    shape: [4, 2],
    values,
    mask: bitsFrom(8, (i) => Math.abs(values[i]) > 1),
    threshold,
  });

describe('beforeAfter', () => {
  test('both in one, ±threshold between the ends, numbers in words', () => {
    const svg = beforeAfter(data(), { title: 'one' });
    expect(new Resvg(svg).width).toBe(640);
    expect(svg.match(/data-threshold="-?1"/g)).toHaveLength(2);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['Before (8)', 'After (4)', 'threshold ±1', 'one', '0', '−2']));
    expect(svg).toContain('Histogram of fc &lt;1> [4, 2]: 4 of 8 weights are kept');
    expect(beforeAfter(data(), { title: 'one' })).toBe(svg);
  });

  test('no threshold, no lines; without legend no words of one', () => {
    expect(beforeAfter(data(null))).not.toContain('data-threshold');
    expect(textsOf(beforeAfter(data(), { legend: false }))).not.toContain('threshold ±1');
  });

  test('heights are square roots: a column of four is twice as high as a column of one', () => {
    const counts = [4, 1];
    const half = { edges: [0, 1, 2], counts };
    const svg = beforeAfter({
      name: 'w',
      shape: [5],
      size: 5,
      kept: 0,
      before: half,
      after: { ...half, counts: [0, 0] },
      threshold: null,
    });
    const [, d] = /d="(M[^"]*V[^"]*)"/.exec(svg)!;
    const [[floor, four], [, one]] = [...d.matchAll(/,([\d.]+)V([\d.]+)/g)].map(([, a, b]) => [Number(a), Number(b)]);
    expect((floor - four) / (floor - one)).toBeCloseTo(2);
  });
});

describe('maskMap', () => {
  const map = (rest: Partial<MaskMapData> = {}): MaskMapData => ({
    of: [8, 6],
    rows: 4,
    columns: 3,
    cells: Uint8Array.of(1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0),
    ...rest,
  });
  const cellsOf = (svg: string) =>
    [...svg.matchAll(/<path d="([^"]*h7v7[^"]*)"/g)].map(([, d]) => d.split('z').length - 1);

  test('a square for each entry, and what of the whole is shown', () => {
    const svg = maskMap(map(), { title: 'fc' });
    expect(new Resvg(svg).width).toBeGreaterThan(0);
    expect(cellsOf(svg)).toEqual([7, 5]);
    expect(textsOf(svg)).toEqual(['fc', 'keep', 'prune', 'first 4×3 of 8×6; a column is one output']);
  });

  test('groups, blocks and what is gone are said where there are any', () => {
    const svg = maskMap(
      map({
        of: [4, 3],
        lines: { rows: [2], columns: [2], of: '2×2 blocks' },
        cells: [1, 2, 1, 0, 2, 0, 1, 2, 0, 0, 2, 0],
      }),
    );
    expect(cellsOf(svg)).toEqual([5, 3, 4]);
    expect(svg.match(/<rect[^>]*(?:height|width)="1"/g)).toHaveLength(2);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        'row or column removed',
        'all of 4×3; a column is one output',
        'grid lines for 2×2 blocks',
      ]),
    );
  });

  test.each([
    [{ rows: 0, cells: [] }, 'figure-empty'],
    [{ cells: [1] }, 'figure-shape'],
  ])('%j is refused', (rest, code) => {
    expect(() => maskMap(map(rest))).toThrow(expect.objectContaining({ code }));
  });
});
