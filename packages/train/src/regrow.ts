import {
  type Bits,
  bitsFrom,
  countKept,
  isKept,
  memoryPlan,
  type Plan,
  show,
  UsageError,
  WEIGHTS,
} from '@espalier/core';

/** For one parameter: which weights are active, and how to order those that go and those that come. */
export interface Exchange {
  readonly mask: Bits;
  /** Active weights with the lowest go. */
  readonly stay: ArrayLike<number>;
  /** Inactive weights, those that just went among them if `mayReturn`, with the highest come. */
  readonly come: ArrayLike<number>;
  readonly mayReturn: boolean;
}

/** Replaces `fraction` of the active weights, as many out as in; ties to the lower index stay, and come. */
export function exchange({ mask, stay, come, mayReturn }: Exchange, fraction: number): Bits {
  const active = indices(mask, true);
  const gone = Array.from(active).sort((a, b) => stay[a] - stay[b] || b - a);
  const most = mayReturn ? active.length : mask.length - active.length;
  const count = Math.min(Math.round(fraction * active.length), most);
  const dropped = new Set(gone.slice(0, count));
  const free = indices(mask, false).concat(mayReturn ? Array.from(dropped) : []);
  const grown = new Set(free.sort((a, b) => come[b] - come[a] || a - b).slice(0, count));
  return bitsFrom(mask.length, (i) => grown.has(i) || (isKept(mask, i) && !dropped.has(i)));
}

function indices(mask: Bits, kept: boolean): number[] {
  const found: number[] = [];
  for (let i = 0; i < mask.length; i++) if (isKept(mask, i) === kept) found.push(i);
  return found;
}

/** Every mask of the plan exchanged, one parameter after the other; its channels stay as they are, and weights come and go singly. */
export async function exchangeAll(plan: Plan, of: (id: string, mask: Bits) => Promise<Bits>): Promise<Plan> {
  const masks: Record<string, Bits> = {};
  for (const id of plan.params) {
    const mask = await plan.mask(id);
    const full = countKept(mask) === mask.length;
    masks[id] = full ? mask : await of(id, mask);
  }
  return memoryPlan({ masks, units: plan.units, granularity: WEIGHTS });
}

export interface ExchangeSchedule {
  /** Steps from one exchange to the next. */
  readonly every: number;
  /** The fraction of active weights that is replaced. */
  readonly fraction: number;
  /** The last exchanges lie before this share of the training, so that what is left can settle. */
  readonly until: number;
}

export const isDue = ({ every, until }: ExchangeSchedule, step: number, steps: number) =>
  step > 0 && step % every === 0 && step < until * steps;

/** Throws a UsageError with code 'exchange-option'. */
export function checkExchange({ every, fraction, until }: ExchangeSchedule): void {
  const check = (where: string, value: number, holds: boolean, wanted: string) => {
    if (!holds)
      throw new UsageError('exchange-option', `${where} must be ${wanted}, got ${show(value)}`, {
        where,
        wanted,
        found: String(value),
      });
  };
  check('every', every, Number.isSafeInteger(every) && every > 0, 'a positive integer');
  check('fraction', fraction, fraction > 0 && fraction <= 1, 'a number above 0, at most 1');
  check('until', until, until >= 0 && until <= 1, 'a number from 0 to 1');
}
