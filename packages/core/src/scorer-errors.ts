import { InputError, show, UsageError } from './errors.js';
import { ignoring } from './inputs.js';
import { say } from './notes.js';

const FIX = 'check the weights, and that the data is normalised as in training';

/** What a scorer or a repair throws for calibration data without a sample. */
export function dataEmpty(who: string): InputError {
  return new InputError('data-empty', `${who}: the calibration data has no sample; give at least one batch`, {
    where: 'data',
    wanted: 'at least one sample',
    found: 'none',
  });
}

/** What a scorer throws for the loss of one batch or sample of the calibration data. */
export function lossNotFinite(scorer: string, of: 'batch' | 'sample', index: number, value: number): InputError {
  return new InputError('loss-not-finite', say(`${of}-loss-not-finite`, { scorer, index, value }), {
    where: `calibration ${of} ${index}`,
    wanted: 'a finite loss',
    found: String(value),
    fix: FIX,
  });
}

/** Throws an InputError with code 'gradient-not-finite' for gradients, or sums of them, of a parameter. */
export function checkGradients(scorer: string, id: string, values: Float64Array): void {
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return;
  const value = values[index];
  throw new InputError('gradient-not-finite', say('gradient-not-finite', { scorer, id, value, index }), {
    where: id,
    wanted: 'finite gradients',
    found: `${value} at index ${index}`,
    fix: FIX,
  });
}

/** Throws a UsageError with code 'samples' unless a scorer can take so many. */
export function checkSamples(samples: number, scorer: string): void {
  if (Number.isInteger(samples) && samples > 0) return;
  const wanted = 'a positive integer';
  throw new UsageError('samples', `${scorer}: samples must be ${wanted}, got ${show(samples)}`, {
    where: 'samples',
    wanted,
    found: String(samples),
  });
}

/** What a scorer throws where it is asked for scores of what the loss does not depend on. */
export function scoresMissing(scorer: string, id: string, of: 'param' | 'group' = 'param'): InputError {
  const fix = ignoring(id);
  const code = of === 'group' ? 'group-scores-missing' : 'scores-missing';
  return new InputError('score-param', say(code, { scorer, id: show(id), fix }), { where: id, fix });
}
