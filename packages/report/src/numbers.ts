/** How a report's numbers and names are written, the same in every form and language of it. */
const EN = new Intl.NumberFormat('en-US');

export const count = (n: number) => EN.format(Math.round(n));
export const share = (part: number, whole: number) => percent(whole > 0 ? part / whole : 0);
export const percent = (fraction: number) => `${Number((100 * fraction).toFixed(1))}%`;
export const accuracy = (value: number) => value.toFixed(2);
export const signed = (value: number) => `${value < 0 ? '−' : value > 0 ? '+' : '±'}${Math.abs(value).toFixed(2)}`;
export const times = (ratio: number) => `${threeDigits(ratio)}×`;
export const milliseconds = (ms: number) => `${threeDigits(ms)} ms`;

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  return n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(2)} MB`;
}

/** The same without zeros at the end of a fraction, for axes: '200 kB', '0.5×'. */
export const trimmed = (text: string) => text.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '');

export function threeDigits(x: number): string {
  if (x === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(x))));
  return decimals === 0 ? count(x) : x.toFixed(Math.min(decimals, 6));
}

/** Names come from strangers' files; a terminal must not obey them. */
export const safe = (text: string) => text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '\ufffd');

export const MISSING = '–';
export const orMissing = <T>(value: T | null | undefined, write: (value: T) => string) =>
  value === null || value === undefined ? MISSING : write(value);
