import { bars, pruning } from './index.js';
import { toPng } from './png.js';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const text = (content: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" font-family="'Public Sans', sans-serif"><text y="15">${content}</text></svg>`;
const sizeOf = (png: Uint8Array) => {
  const view = new DataView(png.buffer, png.byteOffset);
  return [view.getUint32(16), view.getUint32(20)];
};

test('a PNG of the size of the SVG times the scale, the same bytes each time', async () => {
  const svg = bars([{ label: 'a', value: 0.5 }], { width: 300 });
  const png = await toPng(svg);
  expect([...png.subarray(0, 8)]).toEqual(SIGNATURE);
  const [width, height] = sizeOf(await toPng(svg, { scale: 1 }));
  expect(width).toBe(300);
  expect(sizeOf(png)).toEqual([600, 2 * height]);
  expect(Buffer.compare(png, await toPng(svg))).toBe(0);
});

test('letters are drawn with the font that comes along, symbols of the figures too', async () => {
  const blank = await toPng(text(' '));
  const seen = new Set<string>();
  for (const letter of ['a', '−', '×', '±', '…', '–', '%']) {
    const png = Buffer.from(await toPng(text(letter)));
    expect(png.equals(blank)).toBe(false);
    seen.add(png.toString('base64'));
  }
  // A glyph that the font lacks would be the same box each time.
  expect(seen.size).toBe(7);
});

test('the whole figure', async () => {
  const png = await toPng(pruning({ name: 'w', shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) }), { scale: 1 });
  expect(sizeOf(png)[0]).toBeGreaterThan(900);
});

test.each([
  ['no svg', {}, 'figure-svg'],
  ['', {}, 'figure-svg'],
  [text('a'), { scale: 0 }, 'figure-scale'],
  [text('a'), { scale: NaN }, 'figure-scale'],
  [text('a'), { scale: 1000 }, 'figure-scale'],
])('refuses %p %p', async (svg, options, code) => {
  await expect(toPng(svg, options)).rejects.toMatchObject({ code });
});
