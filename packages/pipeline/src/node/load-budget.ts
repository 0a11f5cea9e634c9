import { InputError, show } from '@espalier/core';
import { readFile } from 'node:fs/promises';

/** The JSON of a budget's file. InputErrors: 'budget-missing', 'budget-invalid'. */
export async function loadBudget(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const [wanted, found] = ['a JSON file', String(cause.code)];
    const fix = 'give uniform, global, erk, lamp or the path of a JSON file';
    const details = { where: path, wanted, found, fix, cause };
    throw new InputError('budget-missing', `budget ${show(path)}: cannot be read (${found}); ${fix}`, details);
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    const [wanted, found] = ['JSON', String((cause as Error).message)];
    const details = { where: path, wanted, found, cause };
    throw new InputError('budget-invalid', `budget ${show(path)}: wanted ${wanted}, found ${found}`, details);
  }
}
