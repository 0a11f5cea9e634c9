import { type Random } from '@espalier/core';

export const VALUES = [
  null,
  -1,
  0,
  1.5,
  2 ** 53,
  1e308,
  '',
  'x',
  '..',
  '__proto__',
  'float16',
  [],
  {},
  [[]],
  true,
  'a\0',
];
const TOKENS = ['{', '}', '[', ']', ',', ':', '"', '\\', '-', '1e999', 'null', '\ufeff', '\0', '"__proto__":1,'];

export const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)];

/** Flips, replaces, removes, doubles or inserts a few bytes, or cuts them off. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  // A Buffer's slice would be a view.
  let out = Uint8Array.from(bytes);
  for (let n = 1 + Math.floor(random() * 4); n > 0; n--) {
    const at = Math.floor(random() * out.length);
    const act = Math.floor(random() * 7);
    const splice = (remove: number, insert: Uint8Array) => {
      const after = out.subarray(Math.min(out.length, at + remove));
      const next = new Uint8Array(at + insert.length + after.length);
      next.set(out.subarray(0, at));
      next.set(insert, at);
      next.set(after, at + insert.length);
      return next;
    };
    if (act === 0) out[at] ^= 1 << Math.floor(random() * 8);
    else if (act === 1) out = splice(1 + Math.floor(random() * 8), new Uint8Array(0));
    else if (act === 2) out = splice(0, out.slice(at, at + 16));
    else if (act === 3) out = splice(0, new TextEncoder().encode(pick(random, TOKENS)));
    else if (act === 4) out = out.slice(0, at + 1);
    else if (act === 5) out[at] = pick(random, [0, 1, 127, 128, 255]);
    else out.fill(pick(random, [0, 255]), at, at + 8);
  }
  return out;
}

/** Replaces, removes or doubles values anywhere inside the value. */
export function mutateValue(value: unknown, random: Random): unknown {
  if (random() < 0.06) return pick(random, VALUES);
  if (Array.isArray(value)) {
    const items = value.map((item) => mutateValue(item, random));
    if (random() < 0.05) items.push(...items);
    return random() < 0.05 ? items.slice(1) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(() => random() > 0.03);
  return Object.fromEntries(entries.map(([key, item]) => [key, mutateValue(item, random)]));
}
