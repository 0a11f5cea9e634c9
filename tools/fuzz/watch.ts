import { Worker } from 'node:worker_threads';

const TICK_MS = 1000;
const MOST_BYTES = 2 ** 20;

/** Runs beside the readers. Ticks count only while the process runs, so that one that was stopped is no hang. */
const WATCHER = `
  const { workerData } = require('node:worker_threads');
  const { mkdirSync, writeFileSync, writeSync } = require('node:fs');
  const { dirname } = require('node:path');
  const { state, input, ticks, path } = workerData;
  const [round, size] = [0, 1];
  let [last, still] = [-1, 0];
  setInterval(() => {
    still = state[round] === last ? still + 1 : 0;
    last = state[round];
    if (still < ticks) return;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, input.slice(0, state[size]));
    writeSync(2, path + ': no end after ' + ticks + ' s\\n');
    process.kill(process.pid, 'SIGKILL');
  }, ${TICK_MS});`;

/** Ends the process, and keeps the input in `path`, where one input takes more than `seconds`. */
export function watch(seconds: number, path: string): { next(bytes: Uint8Array): void; end(): Promise<unknown> } {
  const state = new Int32Array(new SharedArrayBuffer(8));
  const input = new Uint8Array(new SharedArrayBuffer(MOST_BYTES));
  const ticks = Math.ceil((seconds * 1000) / TICK_MS);
  const worker = new Worker(WATCHER, { eval: true, workerData: { state, input, ticks, path } });
  worker.unref();
  return {
    next(bytes) {
      input.set(bytes.subarray(0, MOST_BYTES));
      state[1] = Math.min(bytes.length, MOST_BYTES);
      state[0]++;
    },
    end: () => worker.terminate(),
  };
}
