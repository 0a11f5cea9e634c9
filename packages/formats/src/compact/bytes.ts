import { refuse } from '../kit/refuse.js';

/** Bytes that grow as they are written. */
export class ByteWriter {
  private buffer = new Uint8Array(64);
  length = 0;

  private room(size: number): number {
    const at = this.length;
    this.length += size;
    if (this.length > this.buffer.length) {
      const larger = new Uint8Array(Math.max(2 * this.buffer.length, this.length));
      larger.set(this.buffer.subarray(0, at));
      this.buffer = larger;
    }
    return at;
  }

  u8(value: number): void {
    const at = this.room(1);
    this.buffer[at] = value;
  }

  u32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.u8(value >>> shift);
  }

  /** LEB128: seven bits a byte, the lowest first, the top bit set where more follow. */
  varint(value: number): void {
    for (; value >= 128; value = Math.floor(value / 128)) this.u8((value % 128) | 128);
    this.u8(value);
  }

  bytes(bytes: Uint8Array): void {
    const at = this.room(bytes.length);
    this.buffer.set(bytes, at);
  }

  /** What was written; a view. */
  done(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }
}

const FIX = 'download or copy the file again';

/** Throws the InputError for content that no writer makes. */
export function corrupt(where: string, wanted: string, found: string | number): never {
  return refuse('compact-data', where, wanted, String(found), FIX);
}

/** Bytes read in order; nothing is read or allocated beyond their end. InputErrors 'compact-truncated', 'compact-data'. */
export class ByteReader {
  at = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly where: string,
    /** The file's; forms of later versions are no forms of it. */
    readonly version = 2,
  ) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** The next `size` bytes, as a view. */
  take(size: number, what: string): Uint8Array {
    if (size > this.left) {
      refuse('compact-truncated', this.where, `${size} bytes of ${what}`, `${this.left}`, FIX);
    }
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  u8(what: string): number {
    return this.take(1, what)[0];
  }

  u32(what: string): number {
    const [a, b, c, d] = this.take(4, what);
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }

  varint(what: string): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8(what);
      value += (byte & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER || (byte === 0 && scale > 1)) {
        corrupt(this.where, `${what} as a whole number below 2^53 in its shortest form`, 'another');
      }
      if (byte < 128) return value;
    }
  }

  end(): void {
    if (this.left > 0) {
      refuse('compact-trailing', this.where, `${this.at} bytes`, `${this.left} more`, FIX);
    }
  }
}
