/** One trial of each granularity, side by side: what it saves, what of that becomes speed, and on what hardware. */
import { CHANNELS, type Granularity as Kind, WEIGHTS } from '@espalier/core';
import type { Report, Row } from '@espalier/pipeline';
import { lossOf, sizeOf, TOLERANCE } from './measured.js';

export interface Granularity {
  readonly strategy: string;
  /** The smallest trial within TOLERANCE points of dense, else the most accurate one; without accuracy the smallest. */
  readonly row: Row;
  readonly withinTolerance: boolean;
  /** Decides what it takes for the zeros to become speed. */
  readonly of: Pick<Kind, 'kind' | 'name' | 'units'>;
}

export function granularities({ rows }: Pick<Report, 'rows'>): Granularity[] {
  return [...new Set(rows.map(({ strategy }) => strategy))].map((strategy) => {
    const own = rows.filter((row) => row.strategy === strategy);
    const good = own.filter((row) => lossOf(row) <= TOLERANCE);
    const order =
      good.length > 0 ? (a: Row, b: Row) => sizeOf(a) - sizeOf(b) : (a: Row, b: Row) => lossOf(a) - lossOf(b);
    const row = [...(good.length > 0 ? good : own)].sort(order)[0];
    return {
      strategy,
      row,
      withinTolerance: good.length > 0,
      of: row.channels ? CHANNELS : (row.granularity ?? WEIGHTS),
    };
  });
}
