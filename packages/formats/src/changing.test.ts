import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folder, rejection } from '../testing/fixture.js';
import { draft, KINDS, put, SHARD } from '../testing/hostile/drafts.js';
import { readModel } from './read-model.js';

/** Runs `act` when a buffer of `size` bytes is asked for: the files were measured by then, and not read. */
async function whenAllocating<T>(size: number, act: () => void, work: () => Promise<T>): Promise<T> {
  const Kept = Uint8Array;
  let done = false;
  globalThis.Uint8Array = new Proxy(Kept, {
    construct(target, args: unknown[], newTarget) {
      if (!done && args[0] === size) {
        done = true;
        act();
      }
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  try {
    return await work();
  } finally {
    globalThis.Uint8Array = Kept;
    expect(done).toBe(true);
  }
}

describe.each(KINDS)('%s that changes while it is read', (kind) => {
  const made = () => {
    const dir = join(folder(), 'model');
    const path = put(dir, draft(kind));
    const shard = join(dirname(path), SHARD[kind]);
    const bytes = { layers: 36, graph: 36, safetensors: 24, index: 24, compact: readFileSync(shard).length }[kind];
    return { path, shard, bytes };
  };

  it('is refused where it shrinks', async () => {
    const { path, shard, bytes } = made();
    const size = readFileSync(shard).length;
    const error = await whenAllocating(
      bytes,
      () => truncateSync(shard, size - 20),
      () => rejection(readModel(path)),
    );
    expect(error).toMatchObject({ name: 'InputError', code: expect.stringMatching(/truncated|offsets|header|json/) });
  });

  it('is read as it was where it grows', async () => {
    const { path, shard, bytes } = made();
    const longer = Buffer.concat([readFileSync(shard), Buffer.alloc(100, 7)]);
    const { artifacts } = await whenAllocating(
      bytes,
      () => writeFileSync(shard, longer),
      () => readModel(path),
    );
    expect([...new Float32Array(artifacts.weightData as ArrayBuffer)]).toEqual([1, 2, 3, 4, 5, 6, -1, -2, -3]);
  });
});
