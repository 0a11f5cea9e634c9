import { type Bits, countKept, type Group, InputError, isKept, type Plan, sizeOf, unitsOf } from '@espalier/core';

/** A weight's values on the CPU. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The kept slices along one axis, in order. */
export function takeSlices({ shape, data }: Values, axis: number, kept: Bits): Values {
  const inner = sizeOf(shape.slice(axis + 1));
  const smaller = shape.map((size, i) => (i === axis ? countKept(kept) : size));
  const out = new Float32Array(sizeOf(smaller));
  for (let from = 0, to = 0; from < data.length; from += inner) {
    if (!isKept(kept, (from / inner) % shape[axis])) continue;
    out.set(data.subarray(from, from + inner), to);
    to += inner;
  }
  return { shape: smaller, data: out };
}

/** Throws an InputError with code 'group-empty' where the plan leaves a group without any channel. */
export function checkLeft(plan: Plan, groups: readonly Group[]): void {
  for (const { id, size } of groups) {
    const units = unitsOf(plan, id);
    if (units && countKept(units) === 0) throw empty(id, size);
  }
}

function empty(where: string, size: number): InputError {
  const fix = 'keep at least one channel of each layer';
  return new InputError('group-empty', `the plan removes all ${size} channels of '${where}'; ${fix}`, {
    where,
    wanted: 'at least one channel',
    found: 'none',
    fix,
  });
}
