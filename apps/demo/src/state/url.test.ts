import fc from 'fast-check';
import { BACKENDS, DEFAULTS, fromPattern, MODELS, PATTERNS, SCOPES, SCORERS, STRATEGIES, VALUES } from '../settings.js';
import { formatSettings, parseSettings } from './url.js';

test('the defaults need no words', () => {
  expect(formatSettings(DEFAULTS)).toBe('');
  expect(parseSettings('')).toEqual(DEFAULTS);
});

test('what differs is written, patterns as people write them', () => {
  expect(formatSettings({ ...DEFAULTS, strategy: 'nm', keep: 1, fineTune: 3 }, { lang: 'zh', other: undefined })).toBe(
    '?strategy=nm&fineTune=3&pattern=1:4&lang=zh',
  );
});

test('kernels and backends are written so that people can read them', () => {
  expect(formatSettings({ ...DEFAULTS, kernel: 'fc2/kernel', backends: ['wasm', 'webgpu'], sample: null })).toBe(
    '?kernel=fc2/kernel&sample=drawn&backends=wasm,webgpu',
  );
});

test('a model of the user has no address', () => {
  expect(formatSettings({ ...DEFAULTS, model: 'own' })).toBe('');
});

test.each([
  '?model=gpt&strategy=diagonal&pattern=9:2&scorer=vibes&scope=cosmic&sparsity=2&fineTune=-1',
  '?sparsity=&fineTune=&strategy=',
  '?sparsity=NaN&fineTune=Infinity',
  '?model=own',
  '?kernel=&a=&b=&take=&values=int2&sample=40',
  '?sample=-1',
])('nonsense is passed over: %s', (query) => {
  expect(parseSettings(query)).toEqual(DEFAULTS);
});

test('law: what is written is read', () => {
  const settings = fc.record({
    model: fc.constantFrom(...MODELS),
    strategy: fc.constantFrom(...STRATEGIES),
    pattern: fc.constantFrom(...PATTERNS),
    scorer: fc.constantFrom(...SCORERS),
    scope: fc.constantFrom(...SCOPES),
    sparsity: fc.integer({ min: 0, max: 99 }).map((n) => n / 100),
    fineTune: fc.integer({ min: 0, max: 10 }),
    kernel: fc.constantFrom(null, 'fc1/kernel', 'block & 1/卷积?'),
    a: fc.constantFrom('dense', 'live', 'unstructured magnitude global 0.9 1'),
    b: fc.constantFrom('dense', 'live', '2:4 wanda global 0.5 0'),
    sample: fc.option(fc.integer({ min: 0, max: 39 })),
    backends: fc.option(fc.subarray([...BACKENDS])),
    take: fc.constantFrom('live', 'structured magnitude local 0.75 3'),
    values: fc.constantFrom(...VALUES),
  });
  fc.assert(
    fc.property(settings, ({ pattern, ...rest }) => {
      const chosen = { ...rest, ...fromPattern(pattern) };
      expect(parseSettings(formatSettings(chosen))).toEqual(chosen);
    }),
  );
});
