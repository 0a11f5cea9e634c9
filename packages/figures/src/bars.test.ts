import { bars } from './index.js';

const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

test('the widest label and note are whole where there is room for them', () => {
  for (const width of [360, 400, 640]) {
    const notes = { 'fc1/kernel': '88.2% of parameters', 'fc2/kernel': '11.3% of parameters' };
    const items = Object.keys(notes).map((label) => ({ label, value: 0.5 }));
    expect(textsOf(bars(items, { width, notes }))).toEqual(
      expect.arrayContaining([...Object.keys(notes), ...Object.values(notes)]),
    );
  }
});

test('what is wider than a third of the figure loses its middle', () => {
  const [label] = textsOf(
    bars([{ label: 'a_very_long_name_of_a_block/and_of_its_kernel', value: 1 }], { width: 300 }),
  ).filter((text) => text.includes('…'));
  expect(label).toMatch(/^a_.*….*el$/);
});
