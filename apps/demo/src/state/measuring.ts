import type { Report } from '@espalier/pipeline';
import { CallFailed, type Caller, startWorker } from '../client/caller.js';
import { compareCommand } from '../command.js';
import { STRATEGIES, type Choice, type Settings } from '../settings.js';
import type { Backend, DataSource, ModelSource, Progress } from '../worker/protocol.js';
import type { Fail } from './following.js';
import type { Store } from './store.js';

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

export function makeMeasuring(store: Store, live: Caller, sourceOf: () => Sources, fail: Fail): Measuring {
  const lab = makeLab(sourceOf);
  const runTrial = makeTrial(store, live, fail);

  async function checkBackends(): Promise<void> {
    store.set({ checking: true });
    try {
      const caller = await lab.open();
      store.set({ backends: await caller.call('backends', undefined) });
    } catch (error) {
      fail('trial', error);
    } finally {
      store.set({ checking: false });
    }
  }

  async function measure(what: 'this' | 'all', backends: readonly Backend[]): Promise<void> {
    const { settings, report, model } = store.get();
    const choices = choicesOf(what, settings, model?.channels ?? true);
    const clock = progressClock(choices.length + (report ? 0 : 1));
    let at = 0;
    const follow = (trial: number) => {
      const begun = at++;
      return ({ phase, done }: Progress) =>
        store.set({ run: { trial, trials: choices.length, phase, ...clock(begun, done) } });
    };
    store.set({ cancelled: false, problem: null });
    store.set({ run: { trial: report ? 1 : 0, trials: choices.length, phase: 'load', ...clock(0, 0) } });
    try {
      const caller = await lab.open();
      if (!report) {
        const about = { created: new Date().toISOString(), command: compareCommand(settings, store.get().data) };
        store.set({ report: await caller.call('dense', { backends, about }, follow(0)) });
      }
      for (const [i, choice] of choices.entries()) await runTrial(caller, { choice, backends }, follow(i + 1));
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
      lab.end();
      store.set({ run: null, cancelled: true });
    },
    clearResults: () => store.set({ report: null, choices: {}, cancelled: false }),
    forget() {
      lab.end();
      store.set({ report: null, choices: {}, run: null, cancelled: false });
    },
  };
}

interface Wanted {
  readonly choice: Choice;
  readonly backends: readonly Backend[];
}

/** Measures one cut, and keeps its model and its row. */
function makeTrial(store: Store, live: Caller, fail: Fail) {
  return async (caller: Caller, wanted: Wanted, follow: (progress: Progress) => void): Promise<void> => {
    const denseAccuracy = store.get().report!.dense.accuracy;
    const measured = await caller
      .call('trial', { ...wanted, denseAccuracy }, follow)
      // A trial that does not suit the model leaves the others alone; the end of the worker does not.
      .catch((error: unknown) => {
        if (!(error instanceof CallFailed)) throw error;
        fail('trial', error);
      });
    if (!measured) return;
    const { row, artifacts } = measured;
    await live.call('keep', { id: row.id, artifacts });
    const { report, choices } = store.get();
    store.set({ report: withRow(report!, row), choices: { ...choices, [row.id]: wanted.choice } });
  };
}

/** A worker of its own for measurements, with the model and the data that are open. */
function makeLab(sourceOf: () => Sources) {
  let lab: Lab | undefined;
  const end = () => {
    lab?.caller.end();
    lab = undefined;
  };
  async function open(): Promise<Caller> {
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
  return { open, end };
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
