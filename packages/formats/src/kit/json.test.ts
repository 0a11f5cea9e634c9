import fc from 'fast-check';
import { decodeUtf8, parseJson } from './json.js';

const parse = (text: string, maxDepth = 100) => parseJson(text, 'x.json', { maxDepth });
const codeOf = (act: () => unknown) => {
  try {
    act();
    return 'no error';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('parseJson', () => {
  it.each([
    ['', 'line 1, column 1: wanted a value, found the end'],
    ['{"a": 1,}', "line 1, column 9: wanted a string, found '}'"],
    ['{"a"}', "line 1, column 5: wanted ':', found '}'"],
    ['[1,\n 2\n 3]', "line 3, column 2: wanted ',' or ']', found '3'"],
    ['[1,]', "line 1, column 4: wanted a value, found ']'"],
    ['{a: 1}', "line 1, column 2: wanted a string, found 'a'"],
    ["['a']", "line 1, column 2: wanted a value, found '''"],
    ['{"a": "b', 'line 1, column 9: wanted the end of a string, found the end'],
    ['"\u0001"', "line 1, column 2: wanted the end of a string, found '\\u0001'"],
    ['"\\x"', "line 1, column 3: wanted an escape sequence, found 'x'"],
    ['"\\u12g4"', "line 1, column 3: wanted an escape sequence, found 'u'"],
    ['01', "line 1, column 2: wanted nothing after the value, found '1'"],
    ['1.', 'line 1, column 3: wanted a digit, found the end'],
    ['-', 'line 1, column 2: wanted a digit, found the end'],
    ['1e+', 'line 1, column 4: wanted a digit, found the end'],
    ['NaN', "line 1, column 1: wanted a value, found 'N'"],
    ['{} {}', "line 1, column 4: wanted nothing after the value, found '{'"],
    ['{"a": 1, "b": 2, "a": 3}', "line 1, column 18: wanted each key once in an object, found 'a' again"],
    ['{"a": 1, "\\u0061": 3}', "line 1, column 10: wanted each key once in an object, found 'a' again"],
    ['{"__proto__": {}}', "line 1, column 2: wanted no key '__proto__', found one"],
    ['[1e999]', "line 1, column 2: wanted a number in the range of a double, found '1e999'"],
  ])('%j is refused at the right place', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it('counts levels of nesting', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(parse(nested(5), 5)).toEqual([[[[[]]]]]);
    expect(() => parse(nested(6), 5)).toThrow('at most 5 levels of nesting');
    expect(codeOf(() => parse('['.repeat(1_000_000)))).toBe('json-depth');
    expect(codeOf(() => parse('{"a":'.repeat(1_000_000)))).toBe('json-depth');
  });

  it('counts values', () => {
    const limits = { maxDepth: 9, maxValues: 4 };
    expect(parseJson('{"a":[1,{}]}', 'x', limits)).toEqual({ a: [1, {}] });
    expect(() => parseJson('{"a":[1,{},""]}', 'x', limits)).toThrow(
      expect.objectContaining({ code: 'json-size', message: expect.stringContaining('line 1, column 12') }),
    );
  });

  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (json, indent) => {
        const value = JSON.parse(json);
        fc.pre(!json.includes('__proto__'));
        expect(parse(JSON.stringify(value, null, indent))).toEqual(value);
      }),
    );
  });

  it('refuses what JSON.parse refuses', () => {
    const alphabet = fc.constantFrom(...'{}[],:"\\ \n-+.eE0129tfnualsr', 'true', 'null', '"a"', '\\u0041');
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        let wanted: unknown;
        let valid = true;
        try {
          wanted = JSON.parse(text);
        } catch {
          valid = false;
        }
        const code = codeOf(() => expect(parse(text)).toEqual(wanted));
        if (valid) expect(['no error', 'json-key', 'json-number']).toContain(code);
        else expect(['json-syntax', 'json-key', 'json-number']).toContain(code);
      }),
      { numRuns: 3000, seed: 1 },
    );
  });
});

describe('decodeUtf8', () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  it.each([
    ['a byte-order mark', bytes(0xef, 0xbb, 0xbf, 0x7b, 0x7d)],
    ['UTF-16 or UTF-32', bytes(0xff, 0xfe, 0x7b, 0)],
    ['UTF-16 or UTF-32', bytes(0xfe, 0xff, 0, 0x7b)],
    ['UTF-16 or UTF-32', bytes(0x7b, 0, 0x7d, 0)],
    ['UTF-16 or UTF-32', bytes(0, 0x7b, 0, 0x7d)],
    ['an invalid byte 0x80 at offset 4', bytes(0x22, 0xc3, 0xa9, 0x22, 0x80)],
    ['an invalid byte 0xff at offset 4', bytes(0x22, 0xef, 0xbf, 0xbd, 0xff, 0x22)],
    ['an invalid byte 0xef at offset 1', bytes(0x22, 0xef)],
    ['an invalid byte 0xef at offset 1', bytes(0x22, 0xef, 0xbf)],
    ['an invalid byte 0xed at offset 1', bytes(0x22, 0xed, 0xa0, 0x80, 0x22)],
  ])('refuses %s', (found, text) => {
    expect(() => decodeUtf8(text, 'x.json')).toThrow(
      `x.json: wanted JSON in UTF-8 without a byte-order mark, found ${found}`,
    );
  });

  it('keeps every character as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeUtf8(new TextEncoder().encode(`"a${text}"`), 'x')).toBe(`"a${text}"`);
      }),
    );
  });
});
