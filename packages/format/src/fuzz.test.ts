import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isEspalierError, type Random, seededRandom } from '@espalier/core';
import { folder, modelFolder, tinyBytes, tinyJson } from '../testing/fixture.js';
import { readIdx } from './idx.js';
import { readModel } from './read-model.js';

const CASES = 1000;
const VALUES = [null, -1, 0, 1.5, 2 ** 53, 1e308, '', 'x', '..', '__proto__', 'float16', [], {}, [[]], true, 'a\0'];
const TOKENS = ['{', '}', '[', ']', ',', ':', '"', '\\', '-', '1e999', 'null', '\ufeff', '\0', '"__proto__":1,'];

const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)];

/** Flips, removes, doubles or inserts a few bytes. */
function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let out = [...bytes];
  for (let n = 1 + Math.floor(random() * 4); n > 0; n--) {
    const at = Math.floor(random() * out.length);
    const act = Math.floor(random() * 5);
    if (act === 0) out[at] ^= 1 << Math.floor(random() * 8);
    else if (act === 1) out.splice(at, 1 + Math.floor(random() * 8));
    else if (act === 2) out.splice(at, 0, ...out.slice(at, at + 16));
    else if (act === 3) out.splice(at, 0, ...Buffer.from(pick(random, TOKENS)));
    else out = out.slice(0, at + 1);
  }
  return Uint8Array.from(out);
}

/** Replaces, removes or doubles values anywhere inside the value. */
function mutateValue(value: unknown, random: Random): unknown {
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

async function expectTyped(act: () => Promise<unknown>, label: () => string): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (isEspalierError(error) && error.name === 'InputError' && error.message.length < 1000) return false;
    throw new Error(`${label()} gave ${error}`, { cause: error });
  }
}

describe(`${CASES} broken files of each kind give a typed error or a model`, () => {
  it('the text of model.json', async () => {
    const random = seededRandom(1);
    const dir = modelFolder();
    const text = new TextEncoder().encode(JSON.stringify(tinyJson()));
    let read = 0;
    for (let i = 0; i < CASES; i++) {
      const broken = mutateBytes(text, random);
      writeFileSync(join(dir, 'model.json'), broken);
      if (
        await expectTyped(
          () => readModel(dir),
          () => Buffer.from(broken).toString('latin1'),
        )
      )
        read++;
    }
    expect(read).toBeLessThan(CASES / 2);
  });

  it('the values in model.json, and the shard', async () => {
    const random = seededRandom(2);
    const dir = modelFolder();
    let read = 0;
    for (let i = 0; i < CASES; i++) {
      const json = JSON.stringify(mutateValue(tinyJson(), random));
      writeFileSync(join(dir, 'model.json'), json);
      writeFileSync(join(dir, 'weights.bin'), random() < 0.5 ? tinyBytes() : mutateBytes(tinyBytes(), random));
      if (
        await expectTyped(
          () => readModel(dir),
          () => json,
        )
      )
        read++;
    }
    expect(read).toBeGreaterThan(10);
    expect(read).toBeLessThan(CASES / 2);
  });

  it('IDX files, plain and gzip', async () => {
    const random = seededRandom(3);
    const plain = Uint8Array.from([0, 0, 8, 2, 0, 0, 0, 8, 0, 0, 0, 16, ...new Uint8Array(128).map((_, i) => i * 5)]);
    const path = join(folder(), 'x.idx');
    for (let i = 0; i < CASES; i++) {
      const broken = mutateBytes(i % 2 ? plain : gzipSync(plain), random);
      writeFileSync(path, broken);
      await expectTyped(
        () => readIdx(path),
        () => Buffer.from(broken).toString('hex'),
      );
    }
    expect(existsSync(path) && readFileSync(path)).toBeTruthy();
  });
});
