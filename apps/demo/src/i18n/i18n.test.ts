import { chooseLanguage, en, zh } from './index.js';

/** Every text by its path; functions are called with what stands for itself. */
function texts(node: unknown, path = ''): [string, string][] {
  if (typeof node === 'string') return [[path, node]];
  if (typeof node === 'function') return [[path, String(node(7, 8, 'x', 'y'))]];
  return Object.entries(node as object).flatMap(([key, value]) => texts(value, `${path}.${key}`));
}

/** Names and formulas, the same everywhere. */
const SAME = /^[^\p{Script=Han}]*$/u;
const UNTRANSLATED = [
  '.colon',
  '.stop',
  '.cut.formulas.',
  '.sizes.names.gzip',
  '.sizes.names.brotli',
  '.cut.scorers.wanda',
  '.take.valueNames.float16',
  '.take.valueNames.int',
  '.take.tfjs',
  '.try.says',
];

test('both languages have the same texts', () => {
  expect(texts(zh).map(([path]) => path)).toEqual(texts(en).map(([path]) => path));
});

test('nothing is empty, and nothing was left in the other language', () => {
  for (const [path, text] of texts(en)) {
    expect(text).not.toBe('');
    expect(`${path}: ${/\p{Script=Han}/u.test(text)}`).toBe(`${path}: false`);
  }
  for (const [path, text] of texts(zh)) {
    if (UNTRANSLATED.some((start) => path.startsWith(start))) continue;
    expect(`${path}: ${SAME.test(text)}`).toBe(`${path}: false`);
  }
});

test.each([
  [['zh-TW'], 'zh'],
  [['fr', 'zh-CN', 'en'], 'zh'],
  [['de', 'en-GB', 'zh'], 'en'],
  [[null, undefined, 'ja'], 'en'],
  [['zh', 'en'], 'zh'],
])('of %j the page takes %s', (wanted, language) => {
  expect(chooseLanguage(wanted)).toBe(language);
});
