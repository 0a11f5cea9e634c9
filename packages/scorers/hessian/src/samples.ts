import { type Batch, dataEmpty } from '@espalier/core';
import { slice, tidy, type Tensor } from '@tensorflow/tfjs-core';

export interface SampleOptions {
  /** At most this many samples are used, the first ones of the calibration data. */
  readonly samples?: number;
}

/**
 * Calls `visit` for single samples, as batches of one, until `limit` of them were seen; returns how many. Samples are freed
 * after the visit. Throws an InputError with code 'data-empty' where there is none.
 */
export async function forEachSample(
  batches: () => AsyncIterable<Batch>,
  limit: number,
  scorer: string,
  visit: (sample: Batch, index: number) => Promise<void>,
): Promise<number> {
  let seen = 0;
  for await (const { x, y } of batches()) {
    for (let row = 0; row < x.shape[0] && seen < limit; row++) {
      const sample = tidy(() => ({ x: rowOf(x, row), y: rowOf(y, row) }));
      try {
        await visit(sample, seen++);
      } finally {
        sample.x.dispose();
        sample.y.dispose();
      }
    }
    if (seen >= limit) break;
  }
  if (seen > 0) return seen;
  throw dataEmpty(scorer);
}

const rowOf = (t: Tensor, row: number) => slice(t, [row, ...t.shape.slice(1).map(() => 0)], [1, ...t.shape.slice(1)]);
