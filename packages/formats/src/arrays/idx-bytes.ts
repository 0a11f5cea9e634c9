import { show } from '@espalier/core';
import { collect, FIX, type Idx, IDX_DEFAULTS, isGzip, MOST_EXPANSION } from './idx-parse.js';
import { refuse } from '../kit/refuse.js';

/** `readIdx` for bytes in memory, in browsers too. The same InputErrors but those of files; 'idx-gzip' for all that is wrong with a gzip file. */
export async function decodeIdx(
  bytes: Uint8Array,
  name: string,
  { maxBytes = IDX_DEFAULTS.maxBytes } = {},
): Promise<Idx> {
  const where = show(name);
  const zipped = isGzip(bytes);
  const most = zipped ? bytes.length * MOST_EXPANSION : bytes.length;
  return collect(zipped ? inflate(bytes, where) : once(bytes), { most, maxBytes, where });
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

async function* inflate(bytes: Uint8Array, where: string): AsyncIterable<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'));
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: Error) => {
        return refuse('idx-gzip', where, 'a whole and valid gzip file', error.message, FIX, error);
      });
      if (done) return;
      yield value;
    }
  } finally {
    // Also where the reader of this gave up in between.
    await reader.cancel().catch(() => undefined);
  }
}
