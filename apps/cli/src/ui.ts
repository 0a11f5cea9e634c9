import { asNote, type Note } from '@espalier/core';
import { Presets, SingleBar } from 'cli-progress';
import { err as pc } from './colours.js';
import { plain } from './plain.js';

let quiet = false;

/** Whether everything but results and errors is left unsaid. */
export function beQuiet(value: boolean): void {
  quiet = value;
}

/** People read stderr: stdout is for results. */
const say = (line: string) => void (quiet || process.stderr.write(`${line}\n`));

export interface Progress {
  /** `done` of `total`; the detail is shown beside the bar. */
  update(done: number, total: number, detail?: string): void;
  end(): void;
}

const seconds = (ms: number) => (ms < 9950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);

/** Terminals that are dumb cannot go back on a line. */
const drawsBars = () => process.stderr.isTTY && process.env.TERM !== 'dumb';

/** A bar with the time left on a terminal; elsewhere a plain line now and then. Nothing for what is over at once. */
function progress(label: string): Progress {
  if (quiet) return { update: () => undefined, end: () => undefined };
  const started = performance.now();
  let bar: SingleBar | undefined;
  let lastLine = started;
  return {
    update(done, total, text = '') {
      const detail = plain(text);
      const now = performance.now();
      const elapsed = now - started;
      // The first of the work also compiles: what it takes says little of the rest.
      const left = done > 0 && elapsed >= 1000 ? seconds((elapsed / done) * (total - done)) : '?';
      if (!drawsBars()) {
        if (now - lastLine < 5000) return;
        lastLine = now;
        return say(`  ${plain(label)} ${Math.round((100 * done) / total)}%, ${left} left${detail && `, ${detail}`}`);
      }
      if (!bar) {
        if (elapsed < 300) return;
        bar = new SingleBar(
          {
            format: `  ${label} {bar} {percentage}% | {left} left {detail}`,
            hideCursor: true,
            clearOnComplete: true,
            barsize: 24,
            stream: process.stderr,
          },
          Presets.shades_classic,
        );
        bar.start(total, done, { left, detail });
      }
      bar.setTotal(total);
      bar.update(done, { left, detail });
    },
    end: () => bar?.stop(),
  };
}

/** Runs one step of the work and leaves one line that says what it was, what came out and how long it took. */
export async function task<T>(
  label: string,
  work: (progress: Progress) => Promise<T>,
  outcome?: (result: T) => string,
): Promise<T> {
  const started = performance.now();
  const bar = progress(label);
  try {
    const result = await work(bar);
    bar.end();
    const text = plain(outcome?.(result) ?? '');
    say(
      `${pc.green('✓')} ${plain(label)}${text ? ` ${pc.bold(text)}` : ''} ${pc.dim(seconds(performance.now() - started))}`,
    );
    return result;
  } catch (error) {
    bar.end();
    throw error;
  }
}

export const note = (said: string | Note) => say(`${pc.yellow('!')} ${plain(asNote(said).text)}`);
export const line = say;

export const percent = (fraction: number, digits = 1) => `${(100 * fraction).toFixed(digits)}%`;
export const count = (n: number) => n.toLocaleString('en-US');
export const filesOf = (n: number) => (n === 1 ? '1 file' : `${count(n)} files`);
/** The bytes of all files together. */
export const total = (files: readonly { readonly bytes: number }[]) => files.reduce((sum, file) => sum + file.bytes, 0);

/** The size of what went in and of what came out. */
export const inOut = (before: number, after: number) => `${bytes(before)} → ${bytes(after)}`;

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  if (n >= 1e9) return `${(n / 1e9).toFixed(2)} GB`;
  return n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(2)} MB`;
}
export const milliseconds = (ms: number) => `${ms.toPrecision(3)} ms`;
