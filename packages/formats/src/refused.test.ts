import { readdirSync, lstatSync } from 'node:fs';
import { basename, join } from 'node:path';
import { folder } from '../testing/fixture.js';
import { largestAllocation } from '../testing/hostile/allocations.js';
import { draft, type Kind, KINDS, MAIN, put, SHARD } from '../testing/hostile/drafts.js';
import { FILE_ROWS, GOOD_ROWS } from '../testing/hostile/rows.js';
import { readModel } from './read-model.js';

/** More than any of these models needs, less than any of them lies about. */
const MOST_BYTES = 8 * 2 ** 20;
const SLOW_MS = 2000;

const listing = (dir: string) =>
  readdirSync(dir).map((name) => {
    const { ino, size, mtimeMs } = lstatSync(join(dir, name));
    return [name, ino, size, mtimeMs];
  });
const cases = <T extends { make: Partial<Record<Kind, unknown>> }>(rows: readonly T[], kind: Kind) =>
  rows.filter((row) => row.make[kind]);

describe.each(KINDS)('%s', (kind) => {
  it.each(cases(GOOD_ROWS, kind))('$what is read', async ({ make }) => {
    const model = draft(kind);
    make[kind]!(model);
    const path = put(join(folder(), 'model'), model);
    const { artifacts } = await readModel(path);
    expect([...new Float32Array(artifacts.weightData as ArrayBuffer)]).toEqual([1, 2, 3, 4, 5, 6, -1, -2, -3]);
  });

  it.each(cases(FILE_ROWS, kind))('$what', async ({ make, code, says = [], file = 'shard' }) => {
    const model = draft(kind);
    make[kind]!(model);
    const dir = join(folder(), 'model');
    const path = put(dir, model);
    const before = listing(dir);
    let error: Record<string, string> = {};
    const started = performance.now();
    const largest = await largestAllocation(() =>
      readModel(path).then(
        () => Promise.reject(new Error('it was read')),
        (reason) => void (error = reason),
      ),
    );
    expect(performance.now() - started).toBeLessThan(SLOW_MS);
    expect(error).toMatchObject({ name: 'InputError', code: expect.stringMatching(code) });
    for (const part of ['where', 'wanted', 'found', 'fix']) {
      expect(error[part]).toEqual(expect.any(String));
      expect(error[part]).not.toBe('');
      expect(error.message).toContain(error[part]);
    }
    const names = { shard: [SHARD[kind], MAIN[kind]], main: [MAIN[kind]], any: [''] }[file];
    expect(names.filter((name) => error.message.includes(name))).not.toEqual([]);
    for (const text of says) expect(error.message).toContain(text);
    expect(error.message.length).toBeLessThan(1000);
    expect(largest).toBeLessThan(MOST_BYTES);
    expect(listing(dir)).toEqual(before);
    expect(basename(path)).toBe(MAIN[kind]);
  });
});
