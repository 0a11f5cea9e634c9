import fc from 'fast-check';
import { CUTS, DEFAULTS, MODELS, PATTERNS, SCOPES, SCORERS } from '../settings.js';
import { formatSettings, parseSettings } from './url.js';

test('the defaults need no words', () => {
  expect(formatSettings(DEFAULTS)).toBe('');
  expect(parseSettings('')).toEqual(DEFAULTS);
});

test('what differs is written, patterns as people write them', () => {
  expect(formatSettings({ ...DEFAULTS, cut: 'nm', pattern: '1:4', epochs: 3 }, { lang: 'zh', other: undefined })).toBe(
    '?cut=nm&pattern=1:4&epochs=3&lang=zh',
  );
});

test('a model of the user has no address', () => {
  expect(formatSettings({ ...DEFAULTS, model: 'own' })).toBe('');
});

test.each([
  '?model=gpt&cut=diagonal&pattern=9:2&scorer=vibes&scope=cosmic&sparsity=2&epochs=-1',
  '?sparsity=&epochs=&cut=',
  '?sparsity=NaN&epochs=Infinity',
  '?model=own',
])('nonsense is passed over: %s', (query) => {
  expect(parseSettings(query)).toEqual(DEFAULTS);
});

test('law: what is written is read', () => {
  const settings = fc.record({
    model: fc.constantFrom(...MODELS),
    cut: fc.constantFrom(...CUTS),
    pattern: fc.constantFrom(...PATTERNS),
    scorer: fc.constantFrom(...SCORERS),
    scope: fc.constantFrom(...SCOPES),
    sparsity: fc.integer({ min: 0, max: 99 }).map((n) => n / 100),
    epochs: fc.integer({ min: 0, max: 10 }),
  });
  fc.assert(fc.property(settings, (s) => expect(parseSettings(formatSettings(s))).toEqual(s)));
});
