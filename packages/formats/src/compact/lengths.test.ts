import { isEspalierError } from '@espalier/core';
import { compactFiles, goldenFiles } from '../../testing/targets.js';
import { ByteReader, ByteWriter } from './bytes.js';
import { crc32 } from '../kit/crc32.js';
import { decodeEspalier } from './decode.js';

const FIXED = 18;

interface Field {
  readonly at: number;
  readonly size: number;
  readonly value: number;
  readonly what: string;
}

/** Where the decoder reads a varint, and what it finds there. */
function varintsOf(file: Uint8Array): Field[] {
  const fields: Field[] = [];
  const spy = jest.spyOn(ByteReader.prototype, 'varint').mockImplementation(function (this: ByteReader, what) {
    const start = this.at;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8(what);
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    fields.push({ at: this.bytes.byteOffset + start - file.byteOffset, size: this.at - start, value, what });
    return value;
  });
  decodeEspalier(file);
  spy.mockRestore();
  return fields;
}

/** The records, each with its length in front and without its checksum. */
function recordsOf(file: Uint8Array): { start: number; body: number; end: number }[] {
  const header = new DataView(file.buffer, file.byteOffset).getUint32(14, true);
  const reader = new ByteReader(file, 'x');
  reader.take(FIXED + header + 4, 'header');
  const records = [];
  while (reader.left > 0) {
    const start = reader.at;
    const length = reader.varint('a length');
    records.push({ start, body: reader.at, end: reader.at + length });
    reader.take(length + 4, 'record');
  }
  return records;
}

const varint = (value: number) => {
  const writer = new ByteWriter();
  writer.varint(value);
  return writer.done();
};

/** The file with other bytes from `start` to `end`, and the checksum behind them right again. */
function replaced(file: Uint8Array, start: number, end: number, bytes: Uint8Array, from = start): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(file.subarray(0, start));
  writer.bytes(bytes);
  writer.u32(crc32(writer.done().subarray(from)));
  writer.bytes(file.subarray(end + 4));
  return writer.done().slice();
}

function codeOf(file: Uint8Array): string {
  try {
    decodeEspalier(file);
  } catch (error) {
    if (isEspalierError(error) && error.name === 'InputError') return error.code;
    throw error;
  }
  return 'it was read';
}

const others = (value: number) =>
  [value - 1, value + 1, 0, 2 * value + 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1].filter(
    (other) => other >= 0 && other !== value,
  );

describe.each([...compactFiles(), ...goldenFiles()].map((file, i) => ({ i, file })))(
  'every length of file $i, changed',
  ({ file }) => {
    it('of the header', () => {
      const view = new DataView(file.buffer, file.byteOffset);
      const end = FIXED + view.getUint32(14, true);
      for (const at of [10, 14]) {
        for (const value of others(view.getUint32(at, true))) {
          const bytes = file.slice(0, end);
          new DataView(bytes.buffer).setUint32(at, value, true);
          expect([at, value, codeOf(replaced(file, 0, end, bytes))]).toEqual([
            at,
            value,
            expect.stringMatching(/^compact-|^json/),
          ]);
        }
      }
    });

    it('of a record', () => {
      for (const { start, body, end } of recordsOf(file)) {
        for (const value of others(end - body)) {
          const length = varint(value);
          // Right for a reader that believes the length, where the file has that many bytes.
          const claimed = Math.min(file.length - 4, body + value);
          const bytes = Uint8Array.from([...length, ...file.subarray(body, Math.max(body, claimed))]);
          for (const broken of [
            replaced(file, start, end, bytes),
            replaced(file, start, Math.max(claimed, body), bytes),
          ]) {
            expect([value, codeOf(broken)]).toEqual([value, expect.stringMatching(/^compact-/)]);
          }
        }
      }
    });

    it('inside a record', () => {
      const records = recordsOf(file);
      const inner = varintsOf(file).filter(({ at }) => records.every(({ start }) => start !== at));
      expect(inner.length).toBeGreaterThan(4);
      for (const { at, size, value, what } of inner) {
        const record = records.find(({ body, end }) => body <= at && at < end)!;
        for (const other of others(value)) {
          const body = Uint8Array.from([
            ...file.subarray(record.body, at),
            ...varint(other),
            ...file.subarray(at + size, record.end),
          ]);
          const bytes = Uint8Array.from([...varint(body.length), ...body]);
          const code = codeOf(replaced(file, record.start, record.end, bytes));
          expect([what, value, other, code]).toEqual([what, value, other, expect.stringMatching(/^(compact-|weight)/)]);
        }
      }
    });
  },
);
