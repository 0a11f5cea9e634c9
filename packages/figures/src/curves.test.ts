import { curves } from './curves.js';

const curve = (name: string, ...ys: number[]) => ({ name, points: ys.map((y, i) => ({ x: i / 4, y })) });

test('a line and its dots for each curve, named in the legend, the same bytes again', () => {
  const items = [curve('conv1', 90, 80, 20), curve('fc <1>', 90, 89, 88)];
  const svg = curves(items, { baseline: 90, title: 'two' });
  expect(svg).toContain('conv1');
  expect(svg).toContain('fc &lt;1>');
  expect(svg.match(/<path[^>]*stroke="#/g)).toHaveLength(2);
  expect(curves(items, { baseline: 90, title: 'two' })).toBe(svg);
});

test('of many, the eight that fall lowest have names and the others are counted', () => {
  const many = Array.from({ length: 11 }, (_, i) => curve(`layer${i}`, 90, 90 - 5 * i));
  const svg = curves(many);
  expect(svg).toContain('layer10');
  expect(svg).toContain('layer3');
  expect(svg).not.toContain('layer2<');
  expect(svg).toContain('grey: 3 more that fall less');
});

test.each([
  [[], 'figure-empty'],
  [[{ name: 'a', points: [] }], 'figure-empty'],
  [[curve('a', NaN)], 'figure-not-finite'],
])('%j is refused', (items, code) => expect(() => curves(items)).toThrow(expect.objectContaining({ code })));
