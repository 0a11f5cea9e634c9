import { InputError, type Note } from '@espalier/core';

/** Channels told apart, as numbers; those that stay or go together are one set. */
export interface Units {
  /** New units, each a set of its own. */
  fresh(count: number): Int32Array;
  /** The number that stands for the unit's set. */
  root(unit: number): number;
  /** Entry by entry: from now on a[i] and b[i] go together. */
  unite(a: Int32Array, b: Int32Array): void;
  /** These may not go; the first reason of a set is the one that is told, unless a later one is `final`. */
  fix(units: Int32Array, why: Note, final?: boolean): void;
  /** Why the unit may not go. */
  reason(unit: number): Note | undefined;
}

/** Of all axes together; models that run have thousands. */
const MOST = 2 ** 25;

/** A disjoint-set forest with path halving: the smaller number of a set stands for it. */
export function makeUnits(): Units {
  const parents: number[] = [];
  const reasons = new Map<number, Note>();
  const root = (unit: number) => {
    let at = unit;
    while (parents[at] !== at) at = parents[at] = parents[parents[at]];
    return at;
  };
  return {
    root,
    fresh(count) {
      if (parents.length + count > MOST) throw tooMany(parents.length + count);
      const units = Int32Array.from({ length: count }, (_, i) => parents.length + i);
      for (const unit of units) parents.push(unit);
      return units;
    },
    unite(a, b) {
      for (let i = 0; i < a.length; i++) {
        const [x, y] = [root(a[i]), root(b[i])];
        const [low, high] = x < y ? [x, y] : [y, x];
        const why = reasons.get(low) ?? reasons.get(high);
        if (why !== undefined) reasons.set(low, why);
        parents[high] = low;
      }
    },
    fix(units, why, final = false) {
      for (const unit of units) {
        const at = root(unit);
        if (final || !reasons.has(at)) reasons.set(at, why);
      }
    },
    reason: (unit) => reasons.get(root(unit)),
  };
}

function tooMany(found: number): InputError {
  const [wanted, fix] = [`at most ${MOST} channels in all layers`, 'export the model again'];
  return new InputError('topology-invalid', `the topology: wanted ${wanted}, found ${found}; ${fix}`, {
    where: 'modelTopology',
    wanted,
    found: String(found),
    fix,
  });
}
