import {
  checkFiniteScores,
  type Group,
  isPrunable,
  type Note,
  type Param,
  type Permutation,
  type Selection,
  type Site,
  sizeOf,
} from '@espalier/core';
import { say } from './notes.js';
import { checkPattern } from './pattern.js';
import { searchPermutation } from './permutation-search.js';
import { NM_DEFAULTS, PERMUTATION_DEFAULTS } from './defaults.js';

export interface FindPermutationOptions {
  readonly keep?: number;
  readonly group?: number;
  /** Exchanges of two channels that the search makes in each group of channels. */
  readonly moves?: number;
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number, group: string) => void;
}

export interface PermutedGroup {
  readonly id: string;
  readonly channels: number;
  /** The kernels whose inputs move. */
  readonly params: readonly string[];
  /** What N:M keeps of their scores, as they are and in the new order. */
  readonly before: number;
  readonly after: number;
}

export interface FoundPermutation {
  /** For `applyPermutation` of '@espalier/core'; groups without gain are not in it. */
  readonly permutation: Permutation;
  readonly groups: readonly PermutedGroup[];
  /** Groups that were left as they are, and why. */
  readonly notes: readonly Note[];
}

/**
 * For each group of channels, the order in which N:M keeps most of the scores of the kernels that read it; a channel that
 * moves takes its producer's outputs, bias and norm along, so the network computes the same as before. Kernels that read the
 * same channels share one order, and their scores count alike. Groups that must stay as they are, such as the model's
 * output, are left alone, and so are those whose channels do not line up with the groups of N:M in a kernel that reads
 * them (behind a flatten of a number of channels that M does not divide, say); notes tell which.
 *
 * Errors as `searchPermutation`; scores that are not finite name their parameter. arXiv:2104.08378.
 */
export async function findPermutation(
  { params, groups, scores }: Pick<Selection, 'params' | 'groups' | 'scores'>,
  options: FindPermutationOptions = {},
): Promise<FoundPermutation> {
  const { keep, group: size, moves, seed, onProgress } = { ...NM_DEFAULTS, ...PERMUTATION_DEFAULTS, ...options };
  checkPattern(keep, size);
  const scored = new Set(scores.params);
  const byId = new Map(params.filter((p) => isPrunable(p) && scored.has(p.id)).map((p) => [p.id, p]));
  const readersOf = (group: Group): Reader[] =>
    group.sites.flatMap((site) => {
      const param = byId.get(site.param);
      return param && param.inAxis === site.axis ? [{ param, site }] : [];
    });
  const notes: Note[] = [];
  const work = groups.flatMap((group) => {
    const readers = readersOf(group);
    if (readers.length === 0) return [];
    const reason = group.skip ?? readers.map((reader) => whyNot(reader, group, size)).find((why) => why !== undefined);
    if (reason !== undefined) notes.push(say('order-kept', { id: group.id, why: reason }));
    return reason === undefined ? [{ group, readers }] : [];
  });

  const permutation: Record<string, Int32Array> = {};
  const found: PermutedGroup[] = [];
  for (const [n, { group, readers }] of work.entries()) {
    const { matrix, rows } = await matrixOf(group, readers, scores);
    const search = { rows, columns: group.size, keep, group: size, moves, seed };
    const report = (done: number) => onProgress?.(n * moves + done, work.length * moves, group.id);
    const { order, before, after } = searchPermutation(matrix, { ...search, onProgress: report });
    report(moves);
    if (after > before) permutation[group.id] = order;
    found.push({ id: group.id, channels: group.size, params: readers.map(({ param }) => param.id), before, after });
  }
  return { permutation, groups: found, notes };
}

interface Reader {
  readonly param: Param;
  readonly site: Site;
}

/** Where runs of all units in order begin: one run, or as many as there are positions behind a flatten. */
function runsOf({ unitOf }: Site, size: number): number[] | undefined {
  const starts: number[] = [];
  for (let i = 0; i < unitOf.length;) {
    if (unitOf[i] < 0) i++;
    else {
      for (let u = 0; u < size; u++) if (unitOf[i + u] !== u) return undefined;
      starts.push(i);
      i += size;
    }
  }
  return starts;
}

function whyNot({ param, site }: Reader, { size: channels }: Group, size: number): Note | undefined {
  const starts = runsOf(site, channels);
  if (!starts) return say('order-read-otherwise', { id: param.id });
  if (channels < size) return say('order-few-channels', { size: channels, group: size });
  // The tail that N:M leaves dense is at the end of the axis; elsewhere its groups would straddle runs.
  const fits = channels % size === 0 ? starts.every((start) => start % size === 0) : site.unitOf.length === channels;
  return fits ? undefined : say('order-not-aligned', { size: channels, group: size, id: param.id });
}

/** One column for each channel: its scores in every kernel that reads it, one after the other. */
async function matrixOf(group: Group, readers: readonly Reader[], scores: Selection['scores']) {
  const parts: { values: Float32Array; firsts: number[]; inner: number }[] = [];
  for (const { param, site } of readers) {
    const values = await scores.read(param.id);
    checkFiniteScores(param.id, values);
    const inner = sizeOf(param.shape.slice(site.axis + 1));
    const block = param.shape[site.axis] * inner;
    const firsts: number[] = [];
    for (let outer = 0; outer < values.length; outer += block)
      for (const start of runsOf(site, group.size)!) firsts.push(outer + start * inner);
    parts.push({ values, firsts, inner });
  }
  const rows = parts.reduce((sum, { firsts, inner }) => sum + firsts.length * inner, 0);
  const matrix = new Float32Array(group.size * rows);
  for (let unit = 0, at = 0; unit < group.size; unit++)
    for (const { values, firsts, inner } of parts)
      for (const first of firsts) {
        const from = first + unit * inner;
        matrix.set(values.subarray(from, from + inner), at);
        at += inner;
      }
  return { matrix, rows };
}
