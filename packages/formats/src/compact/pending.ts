/** Bytes that arrived and were not read yet, in one piece. */
export class Pending {
  /** A view of `buffer`, or of a chunk. */
  bytes: Uint8Array = new Uint8Array(0);
  private buffer = new Uint8Array(0);
  /** Bytes that were read, up to the beginning of `bytes`. */
  consumed = 0;

  push(arrived: Uint8Array): void {
    // A Buffer of Node is a Uint8Array whose slice() copies nothing.
    const chunk = new Uint8Array(arrived.buffer, arrived.byteOffset, arrived.byteLength);
    if (this.bytes.length === 0) {
      this.bytes = chunk;
      return;
    }
    const [held, size] = [this.bytes, this.bytes.length + chunk.length];
    const start = held.byteOffset - this.buffer.byteOffset;
    if (held.buffer !== this.buffer.buffer || start + size > this.buffer.length) {
      // Doubling keeps the copying of a record that comes in many pieces in bounds.
      this.buffer = new Uint8Array(2 * size);
      this.buffer.set(held);
      this.bytes = this.buffer.subarray(0, held.length);
    }
    const from = this.bytes.byteOffset - this.buffer.byteOffset;
    this.buffer.set(chunk, from + held.length);
    this.bytes = this.buffer.subarray(from, from + size);
  }

  consume(size: number): void {
    this.bytes = this.bytes.subarray(size);
    this.consumed += size;
  }
}
