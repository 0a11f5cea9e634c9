// The fuzzer: node tools/fuzz/run.mjs [--seconds N | --inputs N] [--seed N] [--only NAME]. Inputs that break a reader are kept in a corpus.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isEspalierError, seededRandom } from '@espalier/core';
import { isSlow, type Target, targets } from '../../packages/formats/testing/targets.js';
import { topologyTargets } from './topologies.js';
import { watch } from './watch.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    inputs: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    root: { type: 'string', default: process.cwd() },
  },
});
const [seconds, inputs, seed] = [values.seconds, values.inputs, values.seed].map(Number);
const [FORMAT, FUZZ] = [join(values.root, 'packages/formats/testing'), join(values.root, 'tools/fuzz')];
/** One input may not take longer on the processor, nor the process more memory. */
const SLOW_MS = 2000;
const HANG_SECONDS = 60;
const MOST_MEMORY = 512 * 2 ** 20;
/** Of so many rounds, readers of files and of topologies take part in one. */
const FILE_ROUNDS = 25;

/** Of all threads, so that other programs and pauses do not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function attempt({ read }: Target, bytes: Uint8Array): Promise<{ refused: boolean; fault?: string; ms: number }> {
  const before = cpuMs();
  try {
    await read(bytes);
    return { refused: false, ms: cpuMs() - before };
  } catch (error) {
    const ms = cpuMs() - before;
    if (!isEspalierError(error) || error.name !== 'InputError')
      return { refused: true, ms, fault: String((error as Error).stack) };
    if (error.message.length > 1000)
      return { refused: true, ms, fault: `a message of ${error.message.length} characters` };
    return { refused: true, ms };
  }
}

async function main(): Promise<void> {
  const random = seededRandom(seed);
  const ofTopologies = await topologyTargets();
  const all = Object.entries({ ...targets(join(FORMAT, 'golden')), ...ofTopologies }).filter(([name]) =>
    name.includes(values.only),
  );
  const isRare = (name: string) => isSlow(name) || Object.hasOwn(ofTopologies, name);
  const counts = Object.fromEntries(all.map(([name]) => [name, { inputs: 0, refused: 0, read: 0 }]));
  const watched = watch(HANG_SECONDS, join(FUZZ, 'corpus', `hang-${seed}`));
  const [started, cpu] = [performance.now(), cpuMs()];
  let [done, failures, memory, slowest] = [0, 0, 0, 0];
  for (let round = 0; done < inputs && performance.now() - started < seconds * 1000; round++) {
    for (const [name, target] of all) {
      if (isRare(name) && round % FILE_ROUNDS !== 0 && all.some(([other]) => !isRare(other))) continue;
      const bytes = target.make(random);
      watched.next(bytes);
      const { refused, ms, ...result } = await attempt(target, bytes);
      let { fault } = result;
      // The collector of garbage may have worked for all inputs before; once more, and it has not.
      const took = ms > SLOW_MS ? Math.min(ms, (await attempt(target, bytes)).ms) : ms;
      if (took > SLOW_MS) fault = `${took.toFixed(0)} ms`;
      slowest = Math.max(slowest, took);
      counts[name].inputs++;
      counts[name][refused ? 'refused' : 'read']++;
      done++;
      if (fault !== undefined) {
        failures++;
        const corpus = join(Object.hasOwn(ofTopologies, name) ? FUZZ : FORMAT, 'corpus');
        mkdirSync(corpus, { recursive: true });
        const path = join(corpus, `${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`);
        writeFileSync(path, bytes);
        console.error(`${path}: ${fault}`);
      }
    }
    if (round % 100 === 0) memory = Math.max(memory, process.memoryUsage.rss());
  }
  await watched.end();
  const report = {
    inputs: done,
    failures,
    seconds: Math.round((performance.now() - started) / 1000),
    cpuSeconds: Math.round((cpuMs() - cpu) / 1000),
    slowestMs: Math.round(slowest),
    peakMiB: Math.round(Math.max(memory, process.resourceUsage().maxRSS * 1024) / 2 ** 20),
    counts,
  };
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = failures > 0 || report.peakMiB * 2 ** 20 > MOST_MEMORY ? 1 : 0;
}

void main();
