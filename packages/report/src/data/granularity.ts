/** One trial of each granularity, side by side: what it saves, what of that becomes speed, and on what hardware. */
import type { Report, Row } from '@espalier/pipeline';
import type { Hardware } from '../texts/index.js';
import { lossOf, sizeOf, TOLERANCE } from './measured.js';

export interface Granularity {
  readonly strategy: string;
  /** The smallest trial within TOLERANCE points of dense, else the most accurate one; without accuracy the smallest. */
  readonly row: Row;
  readonly withinTolerance: boolean;
  /** What it takes for the zeros to become speed. */
  readonly hardware: Hardware;
}

export function granularities({ rows }: Pick<Report, 'rows'>): Granularity[] {
  return [...new Set(rows.map(({ strategy }) => strategy))].map((strategy) => {
    const own = rows.filter((row) => row.strategy === strategy);
    const good = own.filter((row) => lossOf(row) <= TOLERANCE);
    const order =
      good.length > 0 ? (a: Row, b: Row) => sizeOf(a) - sizeOf(b) : (a: Row, b: Row) => lossOf(a) - lossOf(b);
    const row = [...(good.length > 0 ? good : own)].sort(order)[0];
    return { strategy, row, withinTolerance: good.length > 0, hardware: hardwareFor(row) };
  });
}

function hardwareFor({ channels, pattern, block }: Row): Hardware {
  if (channels) return { kind: 'channels' };
  if (block) return { kind: 'block' };
  return pattern ? { kind: 'pattern', ...pattern } : { kind: 'unstructured' };
}
