import { checkSparsity, InputError, show, type SparsityTable } from '@espalier/core';
import { readFile } from 'node:fs/promises';

/** What --budget-out writes and --budget reads. */
export interface BudgetFile {
  readonly granularity: 'element' | 'channel';
  /** The fraction to remove by layer or parameter; globs may be written by hand. */
  readonly sparsity: SparsityTable;
}

/**
 * Reads a budget: `{ granularity?, sparsity: { layer: fraction } }`, or the inner object alone. InputErrors: 'budget-missing',
 * 'budget-invalid', and 'budget-granularity' where it was made for the other kind of pruning.
 */
export async function readBudget(path: string, granularity: BudgetFile['granularity']): Promise<SparsityTable> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const fix = 'give uniform, global, erk, lamp or the path of a JSON file';
    throw new InputError('budget-missing', `budget ${show(path)}: cannot be read (${error.code}); ${fix}`, {
      where: path,
      wanted: 'a JSON file',
      found: String(error.code),
      fix,
    });
  });
  const fail = (wanted: string, found: string): never => {
    throw new InputError('budget-invalid', `budget ${show(path)}: wanted ${wanted}, found ${found}`, {
      where: path,
      wanted,
      found,
    });
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    fail('JSON', String((error as Error).message));
  }
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(json)) return fail('an object of fractions by layer', show(String(json)));
  const table = isObject(json.sparsity) ? json.sparsity : json;
  const madeFor = table === json ? granularity : (json.granularity ?? granularity);
  if (madeFor !== granularity) {
    const fix = `use --strategy ${granularity === 'channel' ? 'unstructured' : 'structured'}, or make a new one`;
    const [wanted, found] = [`one for granularity ${granularity}`, show(String(madeFor))];
    throw new InputError('budget-granularity', `budget ${show(path)}: wanted ${wanted}, found ${found}; ${fix}`, {
      where: path,
      wanted,
      found,
      fix,
    });
  }
  const names = Object.keys(table);
  if (names.length === 0) fail('at least one layer', 'none');
  for (const name of names) {
    if (typeof table[name] !== 'number') fail(`a fraction for ${show(name)}`, show(String(table[name])));
    checkSparsity(table[name], `budget ${show(path)}: ${show(name)}`);
  }
  return table as SparsityTable;
}
