import { type Group, isKept, type Ledger, type Selection, unitsOf } from '@espalier/core';

/** Counts channels as `openLedger` counts costs. */
export function countChannels(groups: readonly Group[]): Ledger {
  const known = new Set(groups.map(({ id }) => id));
  let total = groups.reduce((sum, { size }) => sum + size, 0);
  const add = (group: string, by: number) => {
    if (known.has(group)) total += by;
  };
  return { total: () => total, remove: (group) => add(group, -1), restore: (group) => add(group, 1) };
}

/** What one channel costs while everything else is there; the mean of the group, whose channels need not be equal. */
export function priceOf({ id, size }: Group, ledger: Ledger): number {
  const before = ledger.total();
  let price = 0;
  for (let unit = 0; unit < size; unit++) {
    ledger.remove(id, unit);
    price += (before - ledger.total()) / size;
    ledger.restore(id, unit);
  }
  return price > 0 ? price : 1;
}

export function removePrevious({ groups, previous }: Pick<Selection, 'groups' | 'previous'>, ledger: Ledger): void {
  for (const { id, size } of groups) {
    const units = previous && unitsOf(previous, id);
    for (let unit = 0; units && unit < size; unit++) if (!isKept(units, unit)) ledger.remove(id, unit);
  }
}
