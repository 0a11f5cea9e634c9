/**
 * The binary range coder of positions and of adaptive symbols: integers alone, so that every machine decodes the same. Carries
 * are propagated (Martin, 1979). A decision has a bound within the range: the first of its two outcomes takes what lies below.
 */
import { ByteWriter, corrupt, type ByteReader } from './bytes.js';

export const FULL_RANGE = 2 ** 31 - 1;
/** Below this, another byte is taken in. */
export const RENORMALISE = 2 ** 23;
/** Where the range is this wide, any number that begins with one certain byte lies in it; else with two. */
const ONE_BYTE = 2 ** 25;
/** Bytes of the code that a decoder holds. */
const AHEAD = 4;

export class RangeEncoder {
  private readonly out = new ByteWriter();
  private low = 0;
  private cache = -1;
  private pending = 0;
  range = FULL_RANGE;

  /** One decision. */
  encode(isFirst: boolean, bound: number): void {
    if (isFirst) this.range = bound;
    else {
      this.low += bound;
      this.range -= bound;
    }
    for (; this.range < RENORMALISE; this.range *= 256) this.shiftLow();
  }

  private shiftLow(): void {
    if (this.low < 0xff000000 || this.low >= 2 ** 32) {
      const carry = this.low >= 2 ** 32 ? 1 : 0;
      if (this.cache >= 0) this.out.u8((this.cache + carry) & 255);
      for (; this.pending > 0; this.pending--) this.out.u8((255 + carry) & 255);
      this.cache = Math.floor(this.low / 2 ** 24) & 255;
    } else this.pending++;
    this.low = (this.low % 2 ** 24) * 256;
  }

  /** All four bytes of the code. */
  finish(): Uint8Array {
    for (let i = 0; i < AHEAD + 1; i++) this.shiftLow();
    return this.out.done();
  }

  /** The one or two bytes of the code that tell it from others, whatever comes behind them. */
  finishShort(): Uint8Array {
    const size = this.range >= ONE_BYTE ? 1 : 2;
    const unit = 2 ** (32 - 8 * size);
    this.low = Math.ceil(this.low / unit) * unit;
    for (let i = 0; i < size + 1; i++) this.shiftLow();
    return this.out.done();
  }
}

/** Reads what `finishShort` ended; how long that is shows when everything is decoded. */
export class RangeDecoder {
  private readonly start: number;
  private readonly bytes: Uint8Array;
  private at: number;
  private code = 0;
  range = FULL_RANGE;

  constructor(private readonly reader: ByteReader) {
    this.start = this.at = reader.at;
    this.bytes = reader.bytes;
    for (let i = 0; i < AHEAD; i++) this.code = this.code * 256 + this.next();
    if (this.code >= FULL_RANGE) corrupt(reader.where, 'a code below 2^31 − 1', this.code);
  }

  /** Beyond the end are zeros; `finish` finds out whether too many of them were taken. */
  private next(): number {
    return this.at < this.bytes.length ? this.bytes[this.at++] : (this.at++, 0);
  }

  /** One decision; true = the first outcome. */
  decode(bound: number): boolean {
    const isFirst = this.code < bound;
    if (isFirst) this.range = bound;
    else {
      this.code -= bound;
      this.range -= bound;
    }
    while (this.range < RENORMALISE) {
      this.range *= 256;
      this.code = this.code * 256 + this.next();
    }
    return isFirst;
  }

  /** Takes the bytes that were needed from the reader. */
  finish(what: string): void {
    const ahead = this.range >= ONE_BYTE ? AHEAD - 1 : AHEAD - 2;
    this.reader.take(this.at - ahead - this.start, what);
  }
}
