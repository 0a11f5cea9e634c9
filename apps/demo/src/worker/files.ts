/** What files weigh: packing takes a while, and nobody waits for it here. */
import type { Calls } from './protocol.js';
import { brotliSize, filesOf, quickSizes } from './sizes.js';

let last: readonly Uint8Array[] = [];
/** Bytes; the next cut's sizes wait for this one's. */
const MOST_LIVE_BROTLI = 32e6;

export const fileCalls = {
  async sizes(artifacts) {
    last = filesOf(artifacts);
    return quickSizes(artifacts, last);
  },

  async brotli() {
    const files = last;
    last = [];
    return files.reduce((sum, { length }) => sum + length, 0) > MOST_LIVE_BROTLI ? 'large' : brotliSize(files);
  },
} satisfies { [M in keyof Calls]?: (argument: Parameters<Calls[M]>[0]) => Promise<ReturnType<Calls[M]>> };
