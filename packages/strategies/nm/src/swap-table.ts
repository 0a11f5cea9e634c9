/** Columns in groups, and what every exchange of two columns between groups would keep. */
export interface SwapTable {
  /** The group of each column. The last group may be smaller: the tail, of which everything is kept. */
  readonly groupOf: Int32Array;
  /** What N:M keeps of each group, summed over the rows. */
  readonly kept: Float64Array;
  /** What exchanging columns c and d of different groups adds to the kept sum. */
  gain(c: number, d: number): number;
  exchange(c: number, d: number): void;
}

export interface SwapTableShape {
  readonly rows: number;
  readonly columns: number;
  readonly keep: number;
  readonly group: number;
}

/**
 * With column c out of its group, let s be the sum of the N − 1 largest of the rest of a row and q the N-th largest; putting
 * column d in its place keeps s + max(q, d) of that row. Summed over rows that is S_c + Σ max(q_c, x_d), and with
 * max(q, x) = (q + x + |q − x|) / 2 one pass of absolute differences. After an exchange only the columns of the two groups
 * have other s and q.
 *
 * `scores` holds one column after the other, [columns, rows]; columns start in the order of their index.
 */
export function swapTable(scores: Float32Array, { rows, columns, keep, group }: SwapTableShape): SwapTable {
  // Rows of zeros up to a multiple of four: they add nothing to any sum.
  const height = (rows + 3) & ~3;
  const x = new Float64Array(columns * height);
  const sumX = new Float64Array(columns);
  for (let c = 0; c < columns; c++) for (let r = 0; r < rows; r++) sumX[c] += x[c * height + r] = scores[c * rows + r];
  const members = Array.from({ length: Math.ceil(columns / group) }, (_, g) =>
    Int32Array.from({ length: Math.min(group, columns - g * group) }, (_, k) => g * group + k),
  );
  const groupOf = Int32Array.from({ length: columns }, (_, c) => Math.floor(c / group));
  const kept = new Float64Array(members.length);
  const replaced = new Float64Array(columns * columns);
  const table: Sums = {
    ...{ columns, height, keep, group, whole: Math.floor(columns / group), x, q: new Float64Array(columns * height) },
    ...{ sumX, sumQ: new Float64Array(columns), sumS: new Float64Array(columns), groupOf, members, kept, replaced },
    ...{ sorted: new Float64Array(group), ranked: new Int32Array(group) },
  };
  members.forEach((_, g) => refresh(table, g));
  for (let c = 0; c < columns; c++) fillRow(table, c);
  return {
    groupOf,
    kept,
    gain: (c, d) => replaced[c * columns + d] + replaced[d * columns + c] - kept[groupOf[c]] - kept[groupOf[d]],
    exchange(c, d) {
      const [g, h] = [groupOf[c], groupOf[d]];
      members[g][members[g].indexOf(c)] = d;
      members[h][members[h].indexOf(d)] = c;
      [groupOf[c], groupOf[d]] = [h, g];
      refresh(table, g);
      refresh(table, h);
      for (const column of [...members[g], ...members[h]]) fillRow(table, column);
    },
  };
}

interface Sums {
  readonly columns: number;
  readonly height: number;
  readonly keep: number;
  readonly group: number;
  /** How many groups are whole. */
  readonly whole: number;
  readonly x: Float64Array;
  readonly q: Float64Array;
  readonly sumX: Float64Array;
  readonly sumQ: Float64Array;
  readonly sumS: Float64Array;
  readonly groupOf: Int32Array;
  readonly members: readonly Int32Array[];
  readonly kept: Float64Array;
  /** replaced[c · columns + d]: what the group of c keeps with d in place of c. */
  readonly replaced: Float64Array;
  readonly sorted: Float64Array;
  readonly ranked: Int32Array;
}

function refresh(
  { height, keep, group, whole, x, q, sumX, sumQ, sumS, members, kept, sorted, ranked }: Sums,
  g: number,
) {
  const own = members[g];
  if (g >= whole) {
    kept[g] = own.reduce((sum, c) => sum + sumX[c], 0);
    return;
  }
  kept[g] = 0;
  for (const c of own) sumS[c] = sumQ[c] = 0;
  for (let r = 0; r < height; r++) {
    sortRow(x, height, own, r, sorted, ranked);
    let top = 0;
    for (let k = 0; k < keep; k++) top += sorted[k];
    kept[g] += top;
    for (let k = 0; k < group; k++) {
      const c = ranked[k];
      const next = (q[c * height + r] = sorted[k < keep ? keep : keep - 1]);
      sumQ[c] += next;
      sumS[c] += top - (k < keep ? sorted[k] : sorted[keep - 1]);
    }
  }
}

/** A group's values of a row, largest first, and whose they are. */
function sortRow(
  x: Float64Array,
  height: number,
  own: Int32Array,
  r: number,
  sorted: Float64Array,
  ranked: Int32Array,
): void {
  for (let n = 0; n < own.length; n++) {
    const value = x[own[n] * height + r];
    let k = n;
    for (; k > 0 && sorted[k - 1] < value; k--) {
      sorted[k] = sorted[k - 1];
      ranked[k] = ranked[k - 1];
    }
    sorted[k] = value;
    ranked[k] = own[n];
  }
}

function fillRow({ columns, height, whole, x, q, sumX, sumQ, sumS, groupOf, kept, replaced }: Sums, c: number): void {
  const g = groupOf[c];
  const from = c * height;
  for (let d = 0; d < columns; d++) {
    if (groupOf[d] === g) continue;
    if (g >= whole) {
      replaced[c * columns + d] = kept[g] - sumX[c] + sumX[d];
      continue;
    }
    const to = d * height;
    let [a0, a1, a2, a3] = [0, 0, 0, 0];
    for (let r = 0; r < height; r += 4) {
      a0 += Math.abs(q[from + r] - x[to + r]);
      a1 += Math.abs(q[from + r + 1] - x[to + r + 1]);
      a2 += Math.abs(q[from + r + 2] - x[to + r + 2]);
      a3 += Math.abs(q[from + r + 3] - x[to + r + 3]);
    }
    replaced[c * columns + d] = sumS[c] + (sumQ[c] + sumX[d] + a0 + a1 + a2 + a3) / 2;
  }
}
