/** One trial of each granularity, side by side: what it saves, what of that becomes speed, and on what hardware. */
import type { Report, Row } from '@espalier/experiment';

/** How many points of accuracy the chosen trials may lose. */
export const TOLERANCE = 1;

export interface Granularity {
  readonly strategy: string;
  /** The smallest trial within TOLERANCE points of dense, else the most accurate one; without accuracy the smallest. */
  readonly row: Row;
  readonly withinTolerance: boolean;
  /** What it takes for the zeros to become speed. */
  readonly hardware: string;
}

export const loss = ({ accuracy }: Row) => (accuracy ? accuracy.dense - accuracy.pruned : 0);

/** Brotli where files were written, else what is kept. */
const size = ({ bytes, params }: Row) => bytes?.brotli ?? params.kept;

export function granularities({ rows }: Pick<Report, 'rows'>): Granularity[] {
  return [...new Set(rows.map(({ strategy }) => strategy))].map((strategy) => {
    const own = rows.filter((row) => row.strategy === strategy);
    const good = own.filter((row) => loss(row) <= TOLERANCE);
    const order = good.length > 0 ? (a: Row, b: Row) => size(a) - size(b) : (a: Row, b: Row) => loss(a) - loss(b);
    const row = [...(good.length > 0 ? good : own)].sort(order)[0];
    return { strategy, row, withinTolerance: good.length > 0, hardware: hardwareFor(row) };
  });
}

function hardwareFor({ channels, pattern, block }: Row): string {
  if (channels) return 'any: fewer channels in ordinary dense kernels';
  const dense = 'dense kernels multiply the zeros too';
  if (block) return `SIMD kernels for blocks, such as those of @espalier/kernels-wasm; ${dense}`;
  if (!pattern) return `sparse kernels; ${dense}`;
  const { keep, group } = pattern;
  const cores = keep === 2 && group === 4 ? ' (GPUs with sparse tensor cores have them)' : '';
  return `kernels for the ${keep}:${group} pattern${cores}; ${dense}`;
}
