import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isEspalierError, seededRandom } from '@espalier/core';
import { topologyTargets } from './topologies.js';

const CORPUS = join(__dirname, 'corpus');

/** Whether it was read; throws unless what it threw is an InputError of a decent length. */
async function expectTyped(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): Promise<boolean> {
  try {
    await read(bytes);
    return true;
  } catch (error) {
    if (isEspalierError(error) && error.name === 'InputError' && error.message.length < 1000) return false;
    throw new Error(`${Buffer.from(bytes).toString('utf8').slice(-4000)} gave ${error}`, { cause: error });
  }
}

test.each(['layers-topology', 'graph-topology'])(
  '%s: a typed error or a model, and nothing left behind',
  async (name) => {
    const { make, read } = (await topologyTargets())[name];
    const random = seededRandom(2);
    let good = 0;
    for (let i = 0; i < 150; i++) if (await expectTyped(read, make(random))) good++;
    expect(good).toBeGreaterThan(5);
    expect(good).toBeLessThan(140);
  },
);

test('models that once broke a reader', async () => {
  const all = await topologyTargets();
  for (const file of readdirSync(CORPUS).filter((name) => name !== 'README.md')) {
    const name = file.slice(0, file.lastIndexOf('-'));
    expect(Object.keys(all)).toContain(name);
    await expectTyped(all[name].read, new Uint8Array(readFileSync(join(CORPUS, file))));
  }
});
