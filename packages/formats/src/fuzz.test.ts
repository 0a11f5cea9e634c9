import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isEspalierError, seededRandom } from '@espalier/core';
import { isSlow, targets } from '../testing/targets.js';

const CORPUS = join(__dirname, '..', 'testing', 'corpus');
const all = targets();

/** Whether it was read; throws unless what it threw is an InputError of a decent length. */
async function expectTyped(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): Promise<boolean> {
  try {
    await read(bytes);
    return true;
  } catch (error) {
    if (isEspalierError(error) && error.name === 'InputError' && error.message.length < 1000) return false;
    throw new Error(`${Buffer.from(bytes).toString('hex').slice(0, 4000)} gave ${error}`, { cause: error });
  }
}

describe('broken files give a typed error or a model', () => {
  it.each(Object.entries(all))('%s', async (name, { make, read }) => {
    const random = seededRandom(1);
    const inputs = isSlow(name) ? 200 : 1000;
    let good = 0;
    for (let i = 0; i < inputs; i++) if (await expectTyped(read, make(random))) good++;
    expect(good).toBeLessThan(inputs * 0.9);
  });
});

it('files that once broke a reader', async () => {
  const files = readdirSync(CORPUS).filter((file) => file !== 'README.md');
  expect(files).not.toEqual([]);
  for (const file of files) {
    // 'safetensors-file-…' is not of the reader 'safetensors'.
    const name = file.slice(0, file.lastIndexOf('-'));
    expect(Object.keys(all)).toContain(name);
    await expectTyped(all[name].read, new Uint8Array(readFileSync(join(CORPUS, file))));
  }
});
