import type { Report } from '@espalier/pipeline';
import { CallFailed, type Caller, startWorker } from '../client/caller.js';
import { compareCommand } from '../command.js';
import { STRATEGIES, type Choice, type Settings } from '../settings.js';
import type { Backend, DataSource, ModelSource, Progress } from '../worker/protocol.js';
import type { Problem, Store } from './store.js';

export interface Measuring {
  checkBackends(): Promise<void>;
  measure(what: 'this' | 'all', backends: readonly Backend[]): Promise<void>;
  cancel(): void;
  clearResults(): void;
  /** Another model is open. */
  forget(): void;
}

interface Sources {
  readonly model: ModelSource;
  readonly data: DataSource;
}

interface Lab {
  readonly caller: Caller;
  readonly opened: Promise<unknown>;
  readonly source: Sources;
}

export function makeMeasuring(
  store: Store,
  live: Caller,
  sourceOf: () => Sources,
  fail: (kind: Problem['kind'], error: unknown) => void,
): Measuring {
  let lab: Lab | undefined;

  async function openLab(): Promise<Caller> {
    const source = sourceOf();
    if (lab && (lab.source.model !== source.model || lab.source.data !== source.data)) end();
    if (!lab) {
      const caller = startWorker('lab');
      const opened = caller.call('open', source.model).then(() => caller.call('data', source.data));
      lab = { caller, source, opened };
    }
    await lab.opened;
    return lab.caller;
  }

  function end(): void {
    lab?.caller.end();
    lab = undefined;
  }

  async function checkBackends(): Promise<void> {
    store.set({ checking: true });
    try {
      const caller = await openLab();
      store.set({ backends: await caller.call('backends', undefined) });
    } catch (error) {
      fail('trial', error);
    } finally {
      store.set({ checking: false });
    }
  }

  async function measure(what: 'this' | 'all', backends: readonly Backend[]): Promise<void> {
    const { settings, report } = store.get();
    const choices = choicesOf(what, settings, store.get().model?.channels ?? true);
    const total = choices.length + (report ? 0 : 1);
    const clock = progressClock(total);
    const follow = (at: number, trial: number) => (progress: Progress) => {
      store.set({ run: { trial, trials: choices.length, phase: progress.phase, ...clock(at, progress.done) } });
    };
    store.set({ cancelled: false, problem: null });
    follow(0, report ? 1 : 0)({ phase: 'load', done: 0 });
    let at = 0;
    try {
      const caller = await openLab();
      if (!report) {
        const about = { created: new Date().toISOString(), command: compareCommand(settings, store.get().data) };
        store.set({ report: await caller.call('dense', { backends, about }, follow(at++, 0)) });
      }
      for (const [i, choice] of choices.entries()) {
        const measured = await caller
          .call('trial', { choice, backends, denseAccuracy: store.get().report!.dense.accuracy }, follow(at++, i + 1))
          // A trial that does not suit the model leaves the others alone; the end of the worker does not.
          .catch((error: unknown) => {
            if (!(error instanceof CallFailed)) throw error;
            fail('trial', error);
          });
        if (!measured) continue;
        await live.call('keep', { id: measured.row.id, artifacts: measured.artifacts });
        const { report: before, choices: known } = store.get();
        store.set({ report: withRow(before!, measured.row), choices: { ...known, [measured.row.id]: choice } });
      }
    } catch (error) {
      fail('trial', error);
    } finally {
      store.set({ run: null });
    }
  }

  return {
    checkBackends,
    measure,
    cancel() {
      end();
      store.set({ run: null, cancelled: true });
    },
    clearResults: () => store.set({ report: null, choices: {}, cancelled: false }),
    forget() {
      end();
      store.set({ report: null, choices: {}, run: null, cancelled: false });
    },
  };
}

const withRow = (report: Report, row: Report['rows'][number]): Report => ({
  ...report,
  rows: [...report.rows.filter(({ id }) => id !== row.id), row],
});

function choicesOf(what: 'this' | 'all', settings: Settings, channels: boolean): Choice[] {
  const { keep, group, scorer, scope, sparsity, fineTune } = settings;
  const strategies =
    what === 'this' ? [settings.strategy] : STRATEGIES.filter((name) => name !== 'structured' || channels);
  return strategies.map((strategy) => ({ strategy, keep, group, scorer, scope, sparsity, fineTune }));
}

/** How much of everything is done, and from the pace so far how long the rest will take. */
export function progressClock(total: number, now: () => number = () => performance.now()) {
  const start = now();
  return (at: number, within: number): { done: number; secondsLeft: number | null } => {
    const done = Math.min(1, (at + within) / total);
    const seconds = (now() - start) / 1000;
    return { done, secondsLeft: done > 0.04 && seconds > 1 ? (seconds * (1 - done)) / done : null };
  };
}
