import {
  bitsFrom,
  countKept,
  InputError,
  isKept,
  makeBits,
  pruneCount,
  selectLowest,
  sizeOf,
  UsageError,
} from '@espalier/core';
import fc from 'fast-check';
import { figures, pruning, pruningData, drawPruning, drawPruningPanels, type Kernel } from './index.js';
import { cornerOf } from './kernel.js';
import { Resvg } from '@resvg/resvg-js';
import { cutByMagnitude } from './magnitude-cut.js';

const kernel = (shape: number[], values: number[], rest: Partial<Kernel> = {}): Kernel => ({
  name: 'fc/kernel',
  shape,
  values: Float32Array.from(values),
  ...rest,
});
const ramp = (n: number) => Array.from({ length: n }, (_, i) => (i % 2 ? -1 : 1) * (i + 1));
// resvg refuses whatever is no well-formed XML.
const expectWellFormed = (svg: string) => expect(new Resvg(svg).width).toBeGreaterThan(0);
const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

describe('cutByMagnitude', () => {
  test.each([
    [[3, -1, 2, -4], 0.5, [1, 0, 0, 1], 2],
    [[1, -1, 1, 1], 0.5, [1, 1, 0, 0], 1],
    [[0, -0, 0.5, -0.25], 0.5, [0, 0, 1, 1], 0],
    [[1, 2], 0, [1, 1], null],
    [[1, 2, 3], 1, [0, 0, 1], 2],
    [[-7], 1, [1], null],
  ])('%p at %p', (values, sparsity, keep, threshold) => {
    const cut = cutByMagnitude(Float32Array.from(values), sparsity);
    expect(keep.map((_, i) => Number(isKept(cut.mask, i)))).toEqual(keep);
    expect(cut.threshold).toBe(threshold);
  });

  test("law: the same cut as core's selection", async () => {
    const few = fc.constantFrom(0, -0, 1, -1, 0.5, 1e-40, 3e38);
    const value = fc.oneof(few, fc.float({ noNaN: true, noDefaultInfinity: true }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (list, sparsity) => {
          const values = Float32Array.from(list);
          const slice = { id: 'w', size: values.length, read: async () => values.map(Math.abs) };
          const wanted = await selectLowest([slice], pruneCount(values.length, sparsity));
          const cut = cutByMagnitude(values, sparsity);
          expect(cut.mask).toEqual(await wanted.mask('w'));
          expect(cut.threshold).toBe(wanted.threshold);
        },
      ),
    );
  });
});

describe('cornerOf', () => {
  test('the first rows and columns of the kernel as a matrix, cropped and not shrunk', () => {
    // A convolution [2, 1, 3, 4]: six rows, four columns.
    const mask = bitsFrom(24, (i) => i % 5 === 0);
    const { of, shown, keep } = cornerOf(mask, [2, 1, 3, 4], 2);
    expect({ of, shown, keep }).toEqual({ of: [6, 4], shown: [2, 2], keep: [true, false, false, true] });
  });

  test.each([
    [
      [784, 300],
      [32, 32],
      [784, 300],
    ],
    [[5], [1, 5], [1, 5]],
    [
      [3, 3, 8, 1],
      [32, 1],
      [72, 1],
    ],
    [[], [1, 1], [1, 1]],
  ])('%p shows %p of %p', (shape, shown, of) => {
    const size = sizeOf(shape);
    expect(cornerOf(makeBits(size), shape, 32)).toMatchObject({ shown, of });
  });
});

describe('pruning', () => {
  test('half of the weights, 50 bins and the first kernel by default', () => {
    const bias = kernel([2], [9, 9], { name: 'fc/bias' });
    const data = pruningData([bias, kernel([4, 5], ramp(20)), kernel([1, 2], [1, 2], { name: 'out/kernel' })]);
    expect(data).toMatchObject({ name: 'fc/kernel', size: 20, kept: 10, threshold: 10 });
    expect(data.before.counts).toHaveLength(50);
    expect(data.after.edges).toEqual(data.before.edges);
    expect(data.after.counts.reduce((a, b) => a + b)).toBe(10);
  });

  test('a mask that is given is drawn as it is, and undefined options are absent ones', () => {
    const mask = bitsFrom(4, (i) => i > 0);
    const data = pruningData(kernel([2, 2], [9, 1, 2, 3], { mask, threshold: 0.5 }), { sparsity: undefined });
    expect(data).toMatchObject({ kept: 3, threshold: 0.5, corner: { keep: [false, true, true, true] } });
    expect(pruningData(kernel([2, 2], [9, 1, 2, 3], { mask })).threshold).toBeNull();
  });

  test('chooses a kernel by name or by position, and takes bare values', () => {
    const list = [kernel([1, 2], [1, 2]), kernel([1, 2], [3, 4], { name: 'b' })];
    expect(pruningData(list, { kernel: 'b' }).name).toBe('b');
    expect(pruningData(list, { kernel: 1 }).name).toBe('b');
    expect(pruningData(Float32Array.of(1, 2, 3, 4))).toMatchObject({ name: 'weights', shape: [4], kept: 2 });
  });

  test('the picture says what it shows', () => {
    const svg = pruning(kernel([40, 50], ramp(2000)), { sparsity: 0.9 });
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        'fc/kernel [40, 50]',
        '2,000 weights, threshold ±1,800 (dashed)',
        '200 kept; 1,800 zeros left out',
        'first 32×32 of 40×50, 90% pruned in all',
        'keep',
        'prune',
      ]),
    );
    const dashed = svg.match(/<g[^>]*stroke-dasharray[^>]*>(.*?)<\/g>/)![1];
    expect(dashed.match(/<line/g)).toHaveLength(2);
    const squares = [...svg.matchAll(/<path [^>]*d="(M[^"]*z)"/g)].reduce(
      (sum, [, d]) => sum + d.split('M').length - 1,
      0,
    );
    expect(squares).toBe(32 * 32);
  });

  test('a threshold outside the weights has no line, and without one the picture says so', () => {
    const positive = pruning(kernel([1, 4], [1, 2, 3, 4]));
    expect(positive.match(/stroke-dasharray[^>]*>(.*?)<\/g>/)![1].match(/<line/g)).toHaveLength(1);
    expect(pruning(kernel([1, 2], [1, 2], { mask: makeBits(2) }))).toContain('no single threshold');
  });

  test.each([
    ['a handful', kernel([2, 2], [1, -2, 3, 0])],
    ['all zeros', kernel([3, 3, 4, 1], new Array(36).fill(0))],
    ['one element', kernel([1], [1e-30])],
    ['huge and tiny', kernel([1, 3], [3e38, -3e38, 1e-45])],
    ['everything pruned', kernel([2, 2], [1, 2, 3, 4], { mask: makeBits(4, false) })],
    ['a hostile name', kernel([1, 2], [1, 2], { name: '<script>alert("&")</script>\u0000\ud800\u202e' })],
    ['no axis', kernel([], [1])],
  ])('%s: well-formed XML, the same bytes twice', (_, weights) => {
    const svg = pruning(weights);
    expectWellFormed(svg);
    expect(svg).not.toContain('<script');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(pruning(weights)).toBe(svg);
  });

  test('panels on their own, transparent', () => {
    const panels = drawPruningPanels(pruningData(kernel([2, 2], ramp(4))), { background: 'none' });
    for (const svg of [panels.before, panels.after, panels.mask]) {
      expectWellFormed(svg);
      expect(svg).not.toContain('#ffffff');
    }
    expect(drawPruning(pruningData(kernel([2, 2], ramp(4))))).toContain('#ffffff');
  });

  test('a million weights', () => {
    const values = Float32Array.from({ length: 1e6 }, (_, i) => ((i * 7919) % 20011) - 10005);
    const { kept } = pruningData({ name: 'big', shape: [1e3, 1e3], values }, { sparsity: 0.9 });
    expect(kept).toBe(1e5);
  });

  test.each([
    [kernel([0, 3], []), {}, InputError, 'figure-empty'],
    [kernel([2, 1], [1, NaN]), {}, InputError, 'figure-not-finite'],
    [kernel([2, 2], [1, 2]), {}, InputError, 'figure-shape'],
    [kernel([-1, -2], [1, 2]), {}, InputError, 'figure-shape'],
    [kernel([2, 1], [1, 2], { mask: makeBits(3) }), {}, InputError, 'figure-shape'],
    [kernel([2, 1], [1, 2]), { sparsity: 1.5 }, UsageError, 'sparsity-range'],
    [kernel([2, 1], [1, 2]), { sparsity: NaN }, UsageError, 'sparsity-range'],
    [kernel([2, 1], [1, 2]), { side: 0 }, UsageError, 'figure-side'],
    [[], {}, UsageError, 'figure-kernel'],
    [[kernel([2, 1], [1, 2])], { kernel: 'x' }, UsageError, 'figure-kernel'],
  ])('refuses %#', (weights, options, type, code) => {
    expect(() => figures.pruning(weights, options)).toThrow(type);
    expect(() => figures.pruning(weights, options)).toThrow(expect.objectContaining({ code }));
  });

  test('nothing is kept by accident: the counts of the panels agree with the mask', () => {
    const { mask } = cutByMagnitude(Float32Array.from(ramp(100)), 0.33);
    expect(countKept(mask)).toBe(67);
    expect(textsOf(pruning(kernel([10, 10], ramp(100)), { sparsity: 0.33 }))).toContain('67 kept; 33 zeros left out');
  });
});
