import { readdirSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { folder, modelFolder, rejection, TINY_WEIGHTS } from '../../testing/fixture.js';
import type { Disk } from '../disk/disk.js';
import { writeModel, writeModelTo } from './write-model.js';
import { artifacts, OTHER, weightsIn, isTemporary } from '../../testing/written.js';

/** A disk whose operation number `failing` and, after a crash, all later ones fail. */
function failingDisk(failing: number, code: string, isCrash: boolean) {
  let count = 0;
  const guard = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, key) {
        const value = Reflect.get(object, key) as unknown;
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          // Closing does not fail: a descriptor left open would outlive the test.
          const operation = key === 'close' ? -1 : count++;
          if (operation === failing || (isCrash && operation > failing)) {
            throw Object.assign(new Error(`${code}: injected`), { code, syscall: String(key) });
          }
          const result: unknown = await value.apply(object, args);
          return key === 'open' ? guard(result as object) : result;
        };
      },
    });
  return { disk: guard(fs as object) as Disk, operations: () => count };
}

describe('a failure at any step', () => {
  const extras = { 'plan.bin': 'plan' };
  const options = { extras, shardBytes: 20 };

  async function operations(): Promise<number> {
    const { disk, operations } = failingDisk(Infinity, '', false);
    const dir = modelFolder();
    await writeModelTo(disk, dir, artifacts(OTHER), options);
    return operations();
  }

  it('leaves the old model and no traces, or the new model', async () => {
    const total = await operations();
    expect(total).toBeGreaterThan(25);
    for (let step = 0; step < total; step++) {
      const dir = modelFolder();
      const { disk } = failingDisk(step, 'ENOSPC', false);
      const outcome = await writeModelTo(disk, dir, artifacts(OTHER), options).then(
        () => undefined,
        (error: { name: string; code: string }) => error,
      );
      if (outcome) expect(outcome).toMatchObject({ name: 'OutputError', code: 'output-full' });
      const isNew = JSON.stringify(await weightsIn(dir)) === JSON.stringify(OTHER);
      if (!isNew) {
        expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
        expect(readdirSync(dir)).toEqual(['model.json', 'weights.bin']);
      }
      if (!outcome) expect(isNew).toBe(true);
      expect(readdirSync(dir).filter(isTemporary)).toEqual([]);
    }
  });

  it('removes the folders that it made', async () => {
    const parent = folder();
    for (let step = 0; step < 20; step++) {
      const { disk } = failingDisk(step, 'EROFS', false);
      const error = await rejection(writeModelTo(disk, join(parent, 'a', 'b'), artifacts(), options));
      expect(error).toMatchObject({ name: 'OutputError', code: 'output-denied' });
      expect(readdirSync(parent)).toEqual([]);
    }
  });

  it('a crash leaves the old model or the new one, whole', async () => {
    const total = await operations();
    let old = 0;
    for (let step = 0; step < total; step++) {
      const dir = modelFolder();
      const { disk } = failingDisk(step, 'EIO', true);
      await writeModelTo(disk, dir, artifacts(OTHER), options).catch(() => undefined);
      const weights = await weightsIn(dir);
      if (weights[0] === TINY_WEIGHTS[0]) {
        expect(weights).toEqual(TINY_WEIGHTS);
        old++;
      } else expect(weights).toEqual(OTHER);
    }
    expect(old).toBeGreaterThan(10);
    expect(old).toBeLessThan(total);
  });

  it('beforeCommit that throws gives up, with its own error', async () => {
    const dir = modelFolder();
    const before = readdirSync(dir);
    const beforeCommit = () => {
      expect(readdirSync(dir).filter((name) => !isTemporary(name))).toEqual(before);
      throw new Error('given up');
    };
    await expect(writeModel(dir, artifacts(OTHER), { ...options, beforeCommit })).rejects.toThrow('given up');
    expect(readdirSync(dir)).toEqual(before);
    expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
  });

  it('notices a disk that does not keep what it was given', async () => {
    const dir = modelFolder();
    const open: typeof fs.open = async (path, ...rest) => {
      const handle = await fs.open(path, ...rest);
      const write = handle.writeFile.bind(handle);
      if (String(path).endsWith('.bin')) handle.writeFile = (data) => write((data as Uint8Array).map((b) => b ^ 1));
      return handle;
    };
    const error = await rejection(writeModelTo({ ...fs, open }, dir, artifacts(OTHER), options));
    expect(error).toMatchObject({ name: 'OutputError', code: 'output-verify' });
    expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
  });
});
