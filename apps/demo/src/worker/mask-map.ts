import { type Bits, type Granularity, gridOf, isKept, makeBits, type Param, type Plan, sizeOf } from '@espalier/core';
import type { MaskMap } from './protocol.js';

export const MOST_ROWS = 48;
export const MOST_COLUMNS = 72;

/** The top left corner of a kernel's mask: rows are the leading axes, columns the last one. */
export function maskMap(param: Param, mask: Bits | undefined, plan: Plan): MaskMap {
  const { shape } = param;
  const size = sizeOf(shape);
  const bits = mask ?? makeBits(size);
  const columnsOf = shape[shape.length - 1] || 1;
  const rowsOf = size / columnsOf;
  const removes = Object.keys(plan.units).length > 0;
  const [goneRows, goneColumns] = removes ? goneLines(bits, rowsOf, columnsOf) : [new Set(), new Set()];
  const [rows, columns] = [Math.min(rowsOf, MOST_ROWS), Math.min(columnsOf, MOST_COLUMNS)];
  const cells = new Uint8Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const gone = goneRows.has(r) || goneColumns.has(c);
      cells[r * columns + c] = gone ? 2 : Number(isKept(bits, r * columnsOf + c));
    }
  }
  const { granularity } = plan;
  const lines = granularity && plan.params.includes(param.id) && linesOf(param, granularity, rows, columns);
  return { of: [rowsOf, columnsOf], rows, columns, cells, ...(lines && { lines: { ...lines, of: granularity.name } }) };
}

/** Lines stand between neighbours of different cells and groups; where every two neighbours differ they would say nothing. */
function linesOf(param: Param, { cell, counts = [] }: Granularity, rows: number, columns: number) {
  const extents = [...(cell ? [cell] : []), ...counts.map(({ within }) => within)];
  if (extents.length === 0) return undefined;
  const grids = extents.map((extent) => gridOf(param, extent));
  const between = (count: number, stride: number) => {
    const all = Array.from({ length: count - 1 }, (_, i) => i + 1);
    const parts = all.filter((i) => grids.every(({ boxOf }) => boxOf(i * stride) !== boxOf((i - 1) * stride)));
    return parts.length < all.length ? parts : [];
  };
  const found = { rows: between(rows, param.shape[param.shape.length - 1]), columns: between(columns, 1) };
  return found.rows.length + found.columns.length > 0 ? found : undefined;
}

/** The rows and columns of the corner in which nothing is left anywhere. */
function goneLines(bits: Bits, rows: number, columns: number): [Set<number>, Set<number>] {
  const [liveRows, liveColumns] = [new Uint8Array(rows), new Uint8Array(columns)];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      if (isKept(bits, r * columns + c)) liveRows[r] = liveColumns[c] = 1;
    }
  }
  const gone = (live: Uint8Array) => new Set(Array.from(live.keys()).filter((i) => live[i] === 0));
  return [gone(liveRows), gone(liveColumns)];
}
