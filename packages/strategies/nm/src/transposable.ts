/**
 * The mask of an M × M tile that keeps N in every row and every column and the largest sum of values: a choice of M·N cells,
 * exact. Row by row, 1 = keep. 2:4 has 90 such masks and all are tried (the first of equals in an order that keeps
 * lower indices first); larger tiles are solved as a flow of least cost. arXiv:2102.08124.
 */
export type TileSolver = (values: Float64Array) => Uint8Array;

/** Up to so many masks are listed. */
const LISTED = 100;

export function tileSolver(keep: number, group: number): TileSolver {
  const all = listMasks(keep, group);
  return all ? (values) => bestListed(all, values) : (values) => bestFlow(values, keep, group);
}

/** Every mask with N in each row and column, those that keep lower cells first; undefined = too many. */
export function listMasks(keep: number, group: number): Uint8Array[] | undefined {
  const found: Uint8Array[] = [];
  const mask = new Uint8Array(group * group);
  const columns = new Int32Array(group);
  const place = (cell: number, inRow: number): boolean => {
    if (cell === mask.length) return found.push(mask.slice()) <= LISTED;
    const [row, column] = [Math.floor(cell / group), cell % group];
    const last = column === group - 1;
    for (const take of [1, 0]) {
      const [kept, inColumn] = [inRow + take, columns[column] + take];
      // Cells that are left, in the row and in the column, must be able to fill up to N.
      if (kept > keep || inColumn > keep) continue;
      if (kept + (group - 1 - column) < keep || inColumn + (group - 1 - row) < keep) continue;
      mask[cell] = take;
      columns[column] += take;
      const goOn = place(cell + 1, last ? 0 : kept);
      columns[column] -= take;
      if (!goOn) return false;
    }
    return true;
  };
  // Tiles wider than 8 have more masks than could be listed, and are slow to count.
  return group <= 8 && place(0, 0) ? found : undefined;
}

function bestListed(all: readonly Uint8Array[], values: Float64Array): Uint8Array {
  let [best, most] = [all[0], -Infinity];
  for (const mask of all) {
    let sum = 0;
    for (let i = 0; i < values.length; i++) if (mask[i] === 1) sum += values[i];
    if (sum > most) [best, most] = [mask, sum];
  }
  return best;
}

/**
 * Adds one cell after the other along the path of alternating cells that gains most: from a row with room, a cell in, the
 * cell out of its column, and so on to a column with room. Such paths give the best mask of each number of cells.
 */
export function bestFlow(values: Float64Array, keep: number, size: number): Uint8Array {
  const mask = new Uint8Array(size * size);
  const [rows, columns] = [new Int32Array(size), new Int32Array(size)];
  const [rowGain, columnGain] = [new Float64Array(size), new Float64Array(size)];
  const [rowFrom, columnFrom] = [new Int32Array(size), new Int32Array(size)];
  // Gains below rounding would go round in circles.
  const least = 1e-12 * values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let cells = 0; cells < keep * size; cells++) {
    for (let i = 0; i < size; i++) {
      rowGain[i] = rows[i] < keep ? 0 : -Infinity;
      rowFrom[i] = -1;
      columnGain[i] = -Infinity;
    }
    for (let changed = true; changed;) {
      changed = false;
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) {
          const value = values[i * size + j];
          if (mask[i * size + j] === 0 && rowGain[i] + value > columnGain[j] + least) {
            [columnGain[j], columnFrom[j], changed] = [rowGain[i] + value, i, true];
          } else if (mask[i * size + j] === 1 && columnGain[j] - value > rowGain[i] + least) {
            [rowGain[i], rowFrom[i], changed] = [columnGain[j] - value, j, true];
          }
        }
    }
    let end = -1;
    for (let j = 0; j < size; j++) if (columns[j] < keep && (end < 0 || columnGain[j] > columnGain[end])) end = j;
    columns[end]++;
    for (let j = end; ;) {
      const i = columnFrom[j];
      mask[i * size + j] = 1;
      if (rowFrom[i] < 0) {
        rows[i]++;
        break;
      }
      j = rowFrom[i];
      mask[i * size + j] = 0;
    }
  }
  return mask;
}
