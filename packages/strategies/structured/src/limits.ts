import { type Group, matchesGlob, namesOf, type Param, roundHalfEven, show, UsageError } from '@espalier/core';

/** Fractions of a group's channels, each counted as roundHalfEven(fraction · size) and at least one channel. */
export interface Limit {
  /** At least this much stays. */
  readonly floor?: number;
  /** At most this much stays. */
  readonly ceiling?: number;
}

/** Limits by glob over layer names. */
export type Limits = Readonly<Record<string, Limit>>;

/** How many channels of a group stay at least and at most. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/**
 * The range of every group; where several globs match one, the strictest limits hold. UsageErrors: 'limit-range' (not a
 * fraction), 'limit-unmatched' (a glob that names no layer with channels), 'limit-conflict' (a floor above a ceiling).
 */
export function rangesOf(
  groups: readonly Group[],
  params: readonly Param[],
  limits: Limits,
): ReadonlyMap<string, Range> {
  for (const [glob, { floor, ceiling }] of Object.entries(limits)) {
    checkFraction(floor, `the floor of ${show(glob)}`);
    checkFraction(ceiling, `the ceiling of ${show(glob)}`);
  }
  const used = new Set<string>();
  const ranges = new Map<string, Range>();
  for (const group of groups) {
    const { own } = namesOf(group, params);
    let [least, most] = [1, group.size];
    for (const [glob, { floor, ceiling }] of Object.entries(limits)) {
      if (!matchesGlob(own, glob)) continue;
      used.add(glob);
      if (floor !== undefined) least = Math.max(least, count(group, floor));
      if (ceiling !== undefined) most = Math.min(most, count(group, ceiling));
    }
    if (least > most) throw conflict(group, least, most);
    ranges.set(group.id, { least, most });
  }
  const unused = Object.keys(limits).find((glob) => !used.has(glob));
  if (unused !== undefined) throw unmatched(unused, groups);
  return ranges;
}

const count = ({ size }: Group, fraction: number) => Math.max(1, roundHalfEven(fraction * size));

function checkFraction(value: number | undefined, where: string): void {
  if (value === undefined || (value >= 0 && value <= 1)) return;
  const [wanted, found] = ['a fraction of the channels from 0 to 1', String(value)];
  throw new UsageError('limit-range', `${where} wants ${wanted}, got ${show(value)}`, { where, wanted, found });
}

function conflict({ id, size }: Group, least: number, most: number): UsageError {
  const fix = 'lower the floor or raise the ceiling';
  return new UsageError(
    'limit-conflict',
    `of the ${size} channels of ${show(id)} at least ${least} and at most ${most} have to stay; ${fix}`,
    { where: id, wanted: `at least ${least}`, found: `at most ${most}`, fix },
  );
}

function unmatched(glob: string, groups: readonly Group[]): UsageError {
  const names = groups.slice(0, 12).map(({ id }) => id);
  return new UsageError(
    'limit-unmatched',
    `floors and ceilings: no layer with channels matches ${show(glob)}; the layers are ${names.join(', ') || 'none'}`,
    { where: glob, found: glob },
  );
}
