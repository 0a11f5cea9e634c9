import { show, UsageError } from '@espalier/core';

/** What is to be left: a fraction of what the dense model has, or an amount. */
export interface Target {
  readonly fraction?: number;
  readonly amount?: number;
}

const COUNTS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };
const BYTES: Readonly<Record<string, number>> = {
  ...{ '': 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9 },
  ...{ KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
};
const TIMES: Readonly<Record<string, number>> = { ms: 1, s: 1e3 };

/** A number up to 1 without a unit is a fraction; any other is an amount. */
function target(option: string, units: Readonly<Record<string, number>>, example: string) {
  const wanted = `a fraction to keep, above 0 and up to 1, or an amount such as ${example}`;
  return (text: string): Target => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-zA-Z]*)$/.exec(text.trim()) ?? [];
    const value = Number(digits ?? NaN);
    if (value > 0) {
      if (unit === '' && value <= 1) return { fraction: value };
      if (Object.hasOwn(units, unit)) return { amount: value * units[unit] };
    }
    throw new UsageError('option-value', `${option} wants ${wanted}, got ${show(text)}`, {
      where: option,
      wanted,
      found: text,
    });
  };
}

export const paramsTarget = target('--params', COUNTS, '20k');
export const macsTarget = target('--macs', COUNTS, '1.5M');
export const bytesTarget = target('--bytes', BYTES, '64kB');
export const latencyTarget = target('--latency', TIMES, '12ms');
