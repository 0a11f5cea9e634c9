import type { Repair, Scorer, Strategy } from '@espalier/core';
import { ADAPTER_LAWS } from './adapter-laws.js';
import type { AdapterSubject } from './adapter-subject.js';
import { describeLaws, type SuiteOptions } from './law.js';
import { REPAIR_LAWS, type RepairSubject } from './repair-laws.js';
import { SCORER_LAWS, type ScorerSubject } from './scorer-laws.js';
import type { StrategySubject } from './strategy-decision.js';
import { STRATEGY_LAWS } from './strategy-laws.js';

/** One test per law of SCORER_LAWS, on `tinyNetwork()` unless another model and data are given. */
export function describeScorer(
  name: string,
  make: () => Scorer,
  { runner, except, ...rest }: Omit<ScorerSubject, 'make'> & SuiteOptions = {},
): void {
  describeLaws(`${name} is a scorer`, SCORER_LAWS, { make, ...rest }, { runner, except });
}

/** One test per law of STRATEGY_LAWS, on synthetic scores. */
export function describeStrategy(
  name: string,
  make: () => Strategy,
  { runner, except, ...rest }: Omit<StrategySubject, 'make'> & SuiteOptions = {},
): void {
  describeLaws(`${name} is a strategy`, STRATEGY_LAWS, { make, ...rest }, { runner, except });
}

/** One test per law of REPAIR_LAWS, on `tinyNetwork()` unless another model and data are given. */
export function describeRepair(
  name: string,
  make: () => Repair,
  { runner, except, ...rest }: Omit<RepairSubject, 'make'> & SuiteOptions = {},
): void {
  describeLaws(`${name} is a repair`, REPAIR_LAWS, { make, ...rest }, { runner, except });
}

/** One test per law of ADAPTER_LAWS; the factories run inside the tests, after the backend was chosen. */
export function describeAdapter(name: string, { runner, except, ...subject }: AdapterSubject & SuiteOptions): void {
  describeLaws(`${name} is an adapter`, ADAPTER_LAWS, subject, { runner, except });
}
