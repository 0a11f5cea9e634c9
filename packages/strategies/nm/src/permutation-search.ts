import { checkFiniteScores, InputError, seededRandom, show, UsageError } from '@espalier/core';
import { checkPattern } from './pattern.js';
import { swapTable } from './swap-table.js';
import { PERMUTATION_DEFAULTS } from './defaults.js';

export interface PermutationSearchOptions {
  readonly rows: number;
  readonly columns: number;
  /** N and M. */
  readonly keep?: number;
  readonly group?: number;
  /** How many exchanges of two columns to make; more find more. */
  readonly moves?: number;
  readonly seed?: number;
  /** Now and then, with the exchanges made. */
  readonly onProgress?: (moves: number) => void;
}

export interface PermutationFound {
  /** Column order[i] belongs in place i. */
  readonly order: Int32Array;
  /** What N:M keeps of the scores, as they are and in the new order. */
  readonly before: number;
  readonly after: number;
}

/** For how many moves a column may not return to the group it left; drawn anew each time, so that no cycle lasts. */
const TENURE = { least: 5, spread: 10 };

/**
 * The order of columns in which N:M keeps most. Tabu search: of all exchanges of two columns between groups the best one is
 * made, though it be for the worse, and for some moves columns may not return to the groups they left, which is what
 * leads out of local optima; the best order met on the way is the result. All gains are kept in a table, so that a move
 * costs two groups' rows of it (see `swapTable`). The same options give the same order on every machine.
 *
 * `scores` holds one column after the other, [columns, rows]: inputs × outputs. Columns past the last whole group stay
 * dense under N:M, and the search decides which those are. Stripes and escapes from their optima: apex, arXiv:2104.08378;
 * tabu search with such tenures: Taillard 1991.
 *
 * Throws a UsageError with code 'nm-pattern' or 'permutation-moves', an InputError with code 'score-not-finite' or
 * 'score-length'.
 */
export function searchPermutation(scores: Float32Array, options: PermutationSearchOptions): PermutationFound {
  const { rows, columns, keep, group, moves, seed, onProgress } = { ...PERMUTATION_DEFAULTS, ...options };
  checkPattern(keep, group);
  checkMoves(moves);
  if (scores.length !== rows * columns) throw wrongLength(rows, columns, scores.length);
  checkFiniteScores('the matrix', scores);
  const table = swapTable(scores, { rows, columns, keep, group });
  const { groupOf } = table;
  const random = seededRandom(seed);
  const groups = table.kept.length;
  const tabuUntil = new Int32Array(columns * groups);
  const before = table.kept.reduce((a, b) => a + b, 0);
  let [current, after, best] = [before, before, groupOf.slice()];
  for (let move = 1; move <= moves && groups > 1; move++) {
    const found = bestExchange(move);
    if (!found) continue;
    const { c, d, gain } = found;
    const [g, h] = [groupOf[c], groupOf[d]];
    table.exchange(c, d);
    current += gain;
    const tenure = move + TENURE.least + Math.floor(random() * TENURE.spread);
    tabuUntil[c * groups + g] = tabuUntil[d * groups + h] = tenure;
    if (current > after + 1e-9 * Math.abs(after)) [after, best] = [current, groupOf.slice()];
    if (move % 50 === 0) onProgress?.(move);
  }
  return { order: orderOf(best, groups), before, after };

  /** The exchange that gains most; a tabu one only where it leads to more than was ever kept. */
  function bestExchange(move: number): { c: number; d: number; gain: number } | undefined {
    let [gain, from, to] = [-Infinity, -1, -1];
    for (let c = 0; c < columns; c++) {
      const g = groupOf[c];
      for (let d = c + 1; d < columns; d++) {
        const h = groupOf[d];
        if (g === h) continue;
        const value = table.gain(c, d);
        if (value <= gain) continue;
        const isTabu = tabuUntil[c * groups + h] > move && tabuUntil[d * groups + g] > move;
        if (isTabu && current + value <= after) continue;
        [gain, from, to] = [value, c, d];
      }
    }
    return from < 0 ? undefined : { c: from, d: to, gain };
  }
}

/** Whole groups by their lowest column, columns of a group in their own order; the tail, which is last, stays last. */
function orderOf(groupOf: Int32Array, groups: number): Int32Array {
  const members = Array.from({ length: groups }, (): number[] => []);
  groupOf.forEach((g, column) => members[g].push(column));
  const size = members[0]?.length ?? 0;
  const tail = members.filter(({ length }) => length < size);
  const whole = members.filter(({ length }) => length === size).sort(([a], [b]) => a - b);
  return Int32Array.from([...whole, ...tail].flat());
}

function checkMoves(moves: number): void {
  if (Number.isSafeInteger(moves) && moves >= 0) return;
  const wanted = 'a whole number of at least 0';
  throw new UsageError('permutation-moves', `the moves of a permutation search must be ${wanted}, got ${show(moves)}`, {
    where: 'moves',
    wanted,
    found: String(moves),
  });
}

function wrongLength(rows: number, columns: number, found: number): InputError {
  const wanted = `${columns} × ${rows} = ${rows * columns} scores`;
  return new InputError('score-length', `the matrix needs ${wanted}, got ${found}`, {
    where: 'scores',
    wanted,
    found: String(found),
  });
}
