import { show } from '@espalier/core';
import { refuse } from './refuse.js';

export interface JsonLimits {
  /** Arrays and objects inside one another. */
  readonly maxDepth: number;
  /** Arrays, objects, strings, numbers and literals in all: a short text can hold millions, each of which takes memory. */
  readonly maxValues?: number;
}

const MOST_VALUES = 2 ** 22;
const FIX = 'save the model again';
const [QUOTE, COMMA, COLON, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, MINUS, DOT, ZERO, NINE, PLUS] = Array.from(
  '",:\\{}[]-.09+',
  (c) => c.charCodeAt(0),
);
const LITERALS = ['true', 'false', 'null'];

/** Bytes as text: UTF-8 without a byte-order mark, nothing repaired. InputError 'json-encoding'. */
export function decodeUtf8(bytes: Uint8Array, where: string): string {
  const fail = (found: string): never =>
    refuse('json-encoding', where, 'JSON in UTF-8 without a byte-order mark', found, 'save it as plain UTF-8');
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) fail('a byte-order mark');
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || (bytes.length > 1 && (a === 0) !== (b === 0))) {
    fail('UTF-16 or UTF-32');
  }
  try {
    return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(bytes);
  } catch {
    // Lenient decoding puts U+FFFD in place of what is invalid, so encoding it again differs from there on.
    const again = new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
    const differs = bytes.findIndex((byte, i) => byte !== again[i]);
    // U+FFFD begins with the bytes of a character that the end cuts off.
    const at = differs >= 0 ? differs : bytes.lastIndexOf(0xef);
    return fail(`an invalid byte 0x${bytes[at].toString(16).padStart(2, '0')} at offset ${at}`);
  }
}

/**
 * The value of a JSON text (RFC 8259), and stricter than JSON.parse: no key twice in an object, no key '__proto__' (it
 * would set a prototype when copied), no number beyond the range of a double, no nesting deeper than `maxDepth`, no more than
 * `maxValues` values. InputErrors: 'json-syntax', 'json-depth', 'json-size', 'json-key', 'json-number', each with line and column.
 */
export function parseJson(text: string, where: string, { maxDepth, maxValues = MOST_VALUES }: JsonLimits): unknown {
  let at = 0;
  let values = 0;
  /** The open objects' keys; undefined = an array. */
  const open: (Set<string> | undefined)[] = [];

  const fail = (code: string, wanted: string, found: string, offset: number): never => {
    const line = text.slice(0, offset).split('\n');
    const place = `${where}, line ${line.length}, column ${line[line.length - 1].length + 1}`;
    return refuse(code, place, wanted, found, FIX);
  };
  const unexpected = (wanted: string) =>
    fail('json-syntax', wanted, at < text.length ? show(String.fromCodePoint(text.codePointAt(at)!)) : 'the end', at);
  const space = () => {
    for (let c = text.charCodeAt(at); c === 32 || c === 10 || c === 13 || c === 9; c = text.charCodeAt(++at));
  };
  const digits = () => {
    const start = at;
    while (text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= NINE) at++;
    if (at === start) unexpected('a digit');
  };
  const number = () => {
    const start = at;
    if (text.charCodeAt(at) === MINUS) at++;
    if (text.charCodeAt(at) === ZERO) at++;
    else digits();
    if (text.charCodeAt(at) === DOT) {
      at++;
      digits();
    }
    if (text[at] === 'e' || text[at] === 'E') {
      const sign = text.charCodeAt(++at);
      if (sign === PLUS || sign === MINUS) at++;
      digits();
    }
    if (!Number.isFinite(Number(text.slice(start, at)))) {
      fail('json-number', 'a number in the range of a double', show(text.slice(start, at)), start);
    }
  };
  const string = () => {
    if (text.charCodeAt(at) !== QUOTE) unexpected('a string');
    for (at++; text.charCodeAt(at) !== QUOTE; at++) {
      if (!(text.charCodeAt(at) >= 32)) unexpected('the end of a string');
      if (text.charCodeAt(at) !== BACKSLASH) continue;
      at++;
      if (text[at] === 'u' && /^[0-9a-f]{4}$/i.test(text.slice(at + 1, at + 5))) at += 4;
      else if (at >= text.length || !'"\\/bfnrt'.includes(text[at])) unexpected('an escape sequence');
    }
    at++;
  };
  const key = (keys: Set<string>) => {
    const start = at;
    string();
    const name: string = JSON.parse(text.slice(start, at));
    if (keys.has(name)) fail('json-key', 'each key once in an object', `${show(name)} again`, start);
    if (name === '__proto__') fail('json-key', "no key '__proto__'", 'one', start);
    keys.add(name);
    space();
    if (text.charCodeAt(at) !== COLON) unexpected("':'");
    at++;
    space();
  };
  const enter = (keys: Set<string> | undefined) => {
    if (open.length === maxDepth) fail('json-depth', `at most ${maxDepth} levels of nesting`, 'more', at);
    open.push(keys);
    at++;
    space();
  };
  /** Takes what follows a value, up to where the next one begins; false = the text is complete. */
  const advance = (): boolean => {
    for (; ; open.pop(), at++) {
      space();
      if (open.length === 0) return at < text.length ? unexpected('nothing after the value') : false;
      const keys = open[open.length - 1];
      const c = text.charCodeAt(at);
      if (c === (keys ? CLOSE : CLOSE_LIST)) continue;
      if (c !== COMMA) unexpected(keys ? "',' or '}'" : "',' or ']'");
      at++;
      space();
      if (keys) key(keys);
      return true;
    }
  };

  /** Takes a value, of an array or object only the beginning; true = a value inside it comes next. */
  const value = (): boolean => {
    if (++values > maxValues) fail('json-size', `at most ${maxValues} values`, 'more', at);
    const c = text.charCodeAt(at);
    if (c === OPEN) {
      const keys = new Set<string>();
      enter(keys);
      if (text.charCodeAt(at) === CLOSE) return false;
      key(keys);
      return true;
    }
    if (c === OPEN_LIST) {
      enter(undefined);
      return text.charCodeAt(at) !== CLOSE_LIST;
    }
    if (c === QUOTE) string();
    else if (c === MINUS || (c >= ZERO && c <= NINE)) number();
    else at += LITERALS.find((word) => text.startsWith(word, at))?.length ?? unexpected('a value');
    return false;
  };

  space();
  while (value() || advance());
  return JSON.parse(text);
}
