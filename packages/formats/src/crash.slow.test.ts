import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';
import { seededRandom } from '@espalier/core';
import { folder, modelFolder, TINY_WEIGHTS } from '../testing/fixture.js';
import { readModel } from './read-model.js';
import { writeModel } from './model-json/write-model.js';

const KILLS = 40;

/** A program that writes models with the weights 2·w, 3·w, … into a folder until it is killed. */
function writerProgram(): string {
  const outfile = join(folder(), 'writer.cjs');
  buildSync({
    stdin: {
      contents: `
        import { readModel } from './read-model.ts';
        import { writeModel } from './model-json/write-model.ts';
        const dir = process.argv[2];
        (async () => {
          const { artifacts } = await readModel(dir);
          const base = ${JSON.stringify([...TINY_WEIGHTS])};
          process.stdout.write('ready');
          for (let scale = 2; ; scale++) {
            const weightData = Float32Array.from(base, (w) => w * scale).buffer;
            await writeModel(dir, { ...artifacts, weightData }, { shardBytes: 8, extras: { plan: String(scale) } });
          }
        })();`,
      resolveDir: __dirname,
    },
    bundle: true,
    platform: 'node',
    conditions: ['@espalier/source'],
    outfile,
  });
  return outfile;
}

function killAfter(program: string, dir: string, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), milliseconds));
    child.once('exit', () => resolve());
  });
}

it(`a writer killed ${KILLS} times always leaves a whole model, and the next write clears up`, async () => {
  const random = seededRandom(5);
  const program = writerProgram();
  const dir = modelFolder();
  const seen = new Set<number>();
  for (let i = 0; i < KILLS; i++) {
    await killAfter(program, dir, random() * 400);
    const { artifacts } = await readModel(dir);
    const weights = new Float32Array(artifacts.weightData as ArrayBuffer);
    const scale = weights[0] / TINY_WEIGHTS[0];
    expect(weights).toEqual(TINY_WEIGHTS.map((w) => w * scale));
    seen.add(scale);
  }
  expect(seen.size).toBeGreaterThan(1);
  const { artifacts } = await readModel(dir);
  const files = await writeModel(dir, artifacts, { shardBytes: 8 });
  // The first model's own shard may stay: the writer that replaced it could not know that nobody else wants it.
  const left = readdirSync(dir).filter((name) => name !== 'weights.bin');
  expect(left.sort()).toEqual([...files.map((file) => basename(file.path)), 'plan'].sort());
});
