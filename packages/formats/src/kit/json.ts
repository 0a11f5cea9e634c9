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
const [
  QUOTE,
  COMMA,
  COLON,
  BACKSLASH,
  OPEN,
  CLOSE,
  OPEN_LIST,
  CLOSE_LIST,
  MINUS,
  DOT,
  ZERO,
  NINE,
  PLUS,
  LOWER_E,
  UPPER_E,
] = Array.from('",:\\{}[]-.09+eE', (c) => c.charCodeAt(0));
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
  new Checker(text, where, maxDepth, maxValues).check();
  return JSON.parse(text);
}

/** Walks a text once, without recursion, so that no nesting is too deep for it. */
class Checker {
  private at = 0;
  private values = 0;
  /** The open objects' keys; undefined = an array. */
  private readonly open: (Set<string> | undefined)[] = [];

  constructor(
    private readonly text: string,
    private readonly where: string,
    private readonly maxDepth: number,
    private readonly maxValues: number,
  ) {}

  check(): void {
    this.space();
    while (this.value() || this.advance());
  }

  private get next(): number {
    return this.text.charCodeAt(this.at);
  }

  private fail(code: string, wanted: string, found: string, offset = this.at): never {
    const lines = this.text.slice(0, offset).split('\n');
    const place = `${this.where}, line ${lines.length}, column ${lines[lines.length - 1].length + 1}`;
    return refuse(code, place, wanted, found, FIX);
  }

  private unexpected(wanted: string): never {
    const isEnd = this.at >= this.text.length;
    const found = isEnd ? 'the end' : show(String.fromCodePoint(this.text.codePointAt(this.at)!));
    return this.fail('json-syntax', wanted, found);
  }

  /** Takes a value, of an array or object only the beginning; true = a value inside it comes next. */
  private value(): boolean {
    if (++this.values > this.maxValues) this.fail('json-size', `at most ${this.maxValues} values`, 'more');
    const c = this.next;
    if (c === OPEN) {
      const keys = new Set<string>();
      this.enter(keys);
      if (this.next === CLOSE) return false;
      this.key(keys);
      return true;
    }
    if (c === OPEN_LIST) {
      this.enter(undefined);
      return this.next !== CLOSE_LIST;
    }
    if (c === QUOTE) this.string();
    else if (c === MINUS || (c >= ZERO && c <= NINE)) this.number();
    else this.at += LITERALS.find((word) => this.text.startsWith(word, this.at))?.length ?? this.unexpected('a value');
    return false;
  }

  /** Takes what follows a value, up to where the next one begins; false = the text is complete. */
  private advance(): boolean {
    for (; ; this.open.pop(), this.at++) {
      this.space();
      if (this.open.length === 0) {
        return this.at < this.text.length ? this.unexpected('nothing after the value') : false;
      }
      const keys = this.open[this.open.length - 1];
      const c = this.next;
      if (c === (keys ? CLOSE : CLOSE_LIST)) continue;
      if (c !== COMMA) this.unexpected(keys ? "',' or '}'" : "',' or ']'");
      this.at++;
      this.space();
      if (keys) this.key(keys);
      return true;
    }
  }

  private enter(keys: Set<string> | undefined): void {
    if (this.open.length === this.maxDepth) {
      this.fail('json-depth', `at most ${this.maxDepth} levels of nesting`, 'more');
    }
    this.open.push(keys);
    this.at++;
    this.space();
  }

  private key(keys: Set<string>): void {
    const start = this.at;
    this.string();
    const name: string = JSON.parse(this.text.slice(start, this.at));
    if (keys.has(name)) this.fail('json-key', 'each key once in an object', `${show(name)} again`, start);
    if (name === '__proto__') this.fail('json-key', "no key '__proto__'", 'one', start);
    keys.add(name);
    this.space();
    if (this.next !== COLON) this.unexpected("':'");
    this.at++;
    this.space();
  }

  private string(): void {
    const { text } = this;
    let at = this.at;
    const stop = (wanted: string): never => {
      this.at = at;
      return this.unexpected(wanted);
    };
    if (text.charCodeAt(at) !== QUOTE) stop('a string');
    for (at++; text.charCodeAt(at) !== QUOTE; at++) {
      if (!(text.charCodeAt(at) >= 32)) stop('the end of a string');
      if (text.charCodeAt(at) !== BACKSLASH) continue;
      at++;
      if (text[at] === 'u' && /^[0-9a-f]{4}$/i.test(text.slice(at + 1, at + 5))) at += 4;
      else if (at >= text.length || !'"\\/bfnrt'.includes(text[at])) stop('an escape sequence');
    }
    this.at = at + 1;
  }

  private number(): void {
    const start = this.at;
    if (this.next === MINUS) this.at++;
    if (this.next === ZERO) this.at++;
    else this.digits();
    if (this.next === DOT) {
      this.at++;
      this.digits();
    }
    if (this.next === LOWER_E || this.next === UPPER_E) {
      this.at++;
      if (this.next === PLUS || this.next === MINUS) this.at++;
      this.digits();
    }
    const number = this.text.slice(start, this.at);
    if (!Number.isFinite(Number(number))) {
      this.fail('json-number', 'a number in the range of a double', show(number), start);
    }
  }

  private digits(): void {
    const start = this.at;
    while (this.next >= ZERO && this.next <= NINE) this.at++;
    if (this.at === start) this.unexpected('a digit');
  }

  private space(): void {
    for (let c = this.next; c === 32 || c === 10 || c === 13 || c === 9; c = this.next) this.at++;
  }
}
