/** Numbers as people write them, the same in both languages but for names of units. */
const WHOLE = new Intl.NumberFormat('en-US');

export const count = (n: number) => WHOLE.format(Math.round(n));
export const percent = (fraction: number) => `${Number((100 * fraction).toFixed(1))}%`;
export const accuracy = (value: number) => `${value.toFixed(2)}%`;
export const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  return n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(2)} MB`;
}

/** 266,200 → '266 k'. */
export function short(n: number): string {
  if (n < 1e4) return count(n);
  return n < 1e6 ? `${(n / 1e3).toFixed(0)} k` : `${(n / 1e6).toFixed(2)} M`;
}

export function threeDigits(x: number): string {
  if (x === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(x))));
  return decimals === 0 ? count(x) : x.toFixed(Math.min(decimals, 6));
}

/** Picojoule. */
export function energy(pj: number): string {
  if (pj < 1e6) return `${threeDigits(pj / 1e3)} nJ`;
  return `${threeDigits(pj / 1e6)} µJ`;
}

export function duration(seconds: number, language: 'en' | 'zh'): string {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < 90) return language === 'zh' ? `${whole} 秒` : `${whole} s`;
  const minutes = Math.ceil(whole / 60);
  return language === 'zh' ? `${minutes} 分钟` : `${minutes} min`;
}
