import { ignoring } from './inputs.js';
import type { Context, Scorer, Scores, Selection } from './contracts.js';
import { InputError, show, UsageError } from './errors.js';
import { say } from './notes.js';
import { sizeOf } from './shape.js';

/**
 * Scores that are in memory, by parameter; `scorer` is whose they are. Each `read` gives a copy, and throws an InputError with code
 * 'score-param' for a parameter that has none.
 */
export function scoresInMemory(
  scorer: string,
  scores: ReadonlyMap<string, Float32Array>,
  more: Pick<Scores, 'signed' | 'backend' | 'notes'> = {},
): Scores {
  return {
    ...more,
    params: [...scores.keys()],
    async read(id) {
      const found = scores.get(id);
      if (found) return found.slice();
      const fix = ignoring(id);
      throw new InputError('score-param', say('score-param', { scorer, id: show(id), fix }), { where: id, fix });
    },
  };
}

/**
 * The scores as the contract wants them: whatever is read is checked, the first time. Throws an InputError with code
 * 'score-param' for a parameter that the model lacks; reading throws one with code 'score-length', 'score-not-finite' or
 * 'score-negative'. All name the scorer, the parameter or group, and where it can be the index and the value.
 */
export function checkedScores(
  scorer: string,
  scores: Scores,
  { params, groups, branches = [] }: Pick<Selection, 'params' | 'groups' | 'branches'>,
): Scores {
  const sizes = new Map(params.map(({ id, shape }) => [id, sizeOf(shape)]));
  const unitsOf = new Map([...groups, ...branches].map(({ id, size }) => [id, size]));
  const unknown = scores.params.find((id) => !sizes.has(id));
  if (unknown !== undefined) {
    const message = say('scored-unknown', { scorer, id: show(unknown) });
    throw new InputError('score-param', message, { where: unknown, wanted: 'parameters of the model', found: unknown });
  }
  const checked = new Set<string>();
  const readOnce = async (key: string, size: number | undefined, where: string, read: () => Promise<Float32Array>) => {
    const values = await read();
    if (!checked.has(key)) checkValues(scorer, where, values, size, scores.signed ?? false);
    checked.add(key);
    return values;
  };
  const { readGroup } = scores;
  return {
    ...scores,
    read: (id) => readOnce(`param ${id}`, sizes.get(id), id, () => scores.read(id)),
    ...(readGroup && {
      readGroup: (id: string) => readOnce(`group ${id}`, unitsOf.get(id), id, () => readGroup.call(scores, id)),
    }),
  };
}

/** What a scorer says of a model, as `checkedScores` gives it. */
export const scoreModel = async (scorer: Scorer, context: Context): Promise<Scores> =>
  checkedScores(scorer.name, await scorer.score(context), context.model);

const FIX = 'check the weights and the calibration data';

function checkValues(scorer: string, id: string, values: ArrayLike<number>, size: number | undefined, signed: boolean) {
  const where = show(id);
  if (size !== undefined && values.length !== size) {
    const [wanted, found] = [String(size), String(values.length)];
    const message = say('scored-length', { scorer, id: where, wanted, size: found });
    throw new InputError('score-length', message, { where: id, wanted, found });
  }
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value >= 0 ? value < Infinity : signed && Number.isFinite(value)) continue;
    const finite = Number.isFinite(value);
    const code = finite ? 'scored-negative' : 'scored-not-finite';
    throw new InputError(
      finite ? 'score-negative' : 'score-not-finite',
      say(code, { scorer, id: where, value, index: i }),
      {
        where: id,
        wanted: finite ? 'scores of 0 or more' : 'finite scores',
        found: `${value} at index ${i}`,
        fix: finite ? 'let the scorer say signed: true' : FIX,
      },
    );
  }
}

/** Throws a UsageError with code 'scores-signed' for scores below 0, which `who` cannot rank. */
export function checkUnsigned(who: string, where: string, scores: ArrayLike<number>): void {
  for (let i = 0; i < scores.length; i++) {
    if (!(scores[i] < 0)) continue;
    const [wanted, found] = ['scores of 0 or more', `${scores[i]} at index ${i}`];
    const fix = 'use a scorer without signs, or another way to share out the sparsity or to add up scores';
    throw new UsageError(
      'scores-signed',
      `${who} squares scores and needs ${wanted} in ${show(where)}, got ${found}; ${fix}`,
      {
        where,
        wanted,
        found,
        fix,
      },
    );
  }
}
