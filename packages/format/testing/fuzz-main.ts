// The fuzzer: node tools/fuzz/run.mjs [--seconds N | --inputs N] [--seed N]. Inputs that break a reader are kept in corpus/.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isEspalierError, seededRandom } from '@espalier/core';
import { isSlow, targets } from './targets.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    inputs: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    corpus: { type: 'string', default: 'corpus' },
  },
});
const [seconds, inputs, seed] = [values.seconds, values.inputs, values.seed].map(Number);
/** One input may not take longer, nor the process more memory. */
const SLOW_MS = 2000;
const MOST_MEMORY = 512 * 2 ** 20;
/** Of so many rounds, readers of files take part in one. */
const FILE_ROUNDS = 25;

async function main(): Promise<void> {
  const random = seededRandom(seed);
  const all = Object.entries(targets(join(values.corpus, '..', 'golden')));
  const counts = Object.fromEntries(all.map(([name]) => [name, { inputs: 0, refused: 0, read: 0 }]));
  const started = performance.now();
  let [done, failures, memory] = [0, 0, 0];
  for (let round = 0; done < inputs && performance.now() - started < seconds * 1000; round++) {
    for (const [name, target] of all) {
      if (isSlow(name) && round % FILE_ROUNDS !== 0) continue;
      const bytes = target.make(random);
      const before = performance.now();
      let fault: string | undefined;
      try {
        await target.read(bytes);
        counts[name].read++;
      } catch (error) {
        counts[name].refused++;
        if (!isEspalierError(error) || error.name !== 'InputError') fault = String((error as Error).stack);
        else if (error.message.length > 1000) fault = `a message of ${error.message.length} characters`;
      }
      const took = performance.now() - before;
      if (took > SLOW_MS) fault = `${took.toFixed(0)} ms`;
      counts[name].inputs++;
      done++;
      if (fault !== undefined) {
        failures++;
        mkdirSync(values.corpus, { recursive: true });
        const path = join(values.corpus, `${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`);
        writeFileSync(path, bytes);
        console.error(`${path}: ${fault}`);
      }
    }
    if (round % 500 === 0) memory = Math.max(memory, process.memoryUsage.rss());
  }
  const report = {
    inputs: done,
    failures,
    seconds: Math.round((performance.now() - started) / 1000),
    peakMiB: Math.round(memory / 2 ** 20),
    counts,
  };
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = failures > 0 || memory > MOST_MEMORY ? 1 : 0;
}

void main();
