import { checkSparsity, InputError, show, type SparsityTable } from '@espalier/core';

/** What `espalier sensitivity` writes and a pruning takes. */
export interface BudgetFile {
  readonly granularity: 'element' | 'channel';
  /** The fraction to remove by layer or parameter; globs may be written by hand. */
  readonly sparsity: SparsityTable;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The table of a budget: `{ granularity?, sparsity: { layer: fraction } }`, or the inner object alone. InputErrors: 'budget-invalid',
 * and 'budget-granularity' where it was made for the other kind of pruning.
 */
export function checkBudget(json: unknown, path: string, granularity: BudgetFile['granularity']): SparsityTable {
  const fail = (wanted: string, found: string): never => {
    const details = { where: path, wanted, found };
    throw new InputError('budget-invalid', `budget ${show(path)}: wanted ${wanted}, found ${found}`, details);
  };
  if (!isObject(json)) return fail('an object of fractions by layer', show(String(json)));
  const table = isObject(json.sparsity) ? json.sparsity : json;
  const madeFor = table === json ? granularity : (json.granularity ?? granularity);
  if (madeFor !== granularity) {
    const fix = `use the strategy ${granularity === 'channel' ? 'unstructured' : 'structured'}, or make a new one`;
    const [wanted, found] = [`one for granularity ${granularity}`, show(String(madeFor))];
    const details = { where: path, wanted, found, fix };
    throw new InputError(
      'budget-granularity',
      `budget ${show(path)}: wanted ${wanted}, found ${found}; ${fix}`,
      details,
    );
  }
  const names = Object.keys(table);
  if (names.length === 0) fail('at least one layer', 'none');
  for (const name of names) {
    if (typeof table[name] !== 'number') fail(`a fraction for ${show(name)}`, show(String(table[name])));
    checkSparsity(table[name], `budget ${show(path)}: ${show(name)}`);
  }
  return table as SparsityTable;
}
