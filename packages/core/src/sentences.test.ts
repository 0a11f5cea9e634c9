import fc from 'fast-check';
import { readSentence, sentence, type SentenceCode, SENTENCES } from './sentences.js';

const CODES = Object.keys(SENTENCES) as SentenceCode[];
const namesOf = (code: SentenceCode) => [...SENTENCES[code].matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
const made = (code: SentenceCode, params: Record<string, string>) => sentence(code, params as never);

test.each(CODES)('%s is read back', (code) => {
  const params = Object.fromEntries(namesOf(code).map((name, i) => [name, `block${i}/kernel`]));
  expect(readSentence(made(code, params))).toEqual({ code, params });
});

test('whatever the values are, the sentence that is read says the same', () => {
  const value = fc.oneof(fc.string({ minLength: 1 }), fc.integer().map(String));
  fc.assert(
    fc.property(fc.constantFrom(...CODES), fc.array(value, { minLength: 6, maxLength: 6 }), (code, values) => {
      const text = made(code, Object.fromEntries(namesOf(code).map((name, i) => [name, values[i]])));
      const read = readSentence(text)!;
      expect(made(read.code, { ...read.params })).toBe(text);
    }),
  );
});

test('what others say is not read', () => {
  for (const text of ['', 'model', 'fc1 is fine', 'model output!']) expect(readSentence(text)).toBeUndefined();
});
