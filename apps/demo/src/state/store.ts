import type { Note } from '@espalier/core';
import type { Report } from '@espalier/pipeline';
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { type Choice, DEFAULTS, type Settings } from '../settings.js';
import { type Misfit, misfit } from '../fit.js';
import { ZOO_DATA } from '../zoo-data.js';
import type { BackendState, DataInfo, Details, FileSizes, ModelInfo, Preview, Progress } from '../worker/protocol.js';

export interface Problem {
  readonly kind: 'model' | 'data' | 'trial' | 'other';
  readonly said: string | Note;
}

/** A measurement under way. */
export interface Run {
  /** The trial, from 1, and how many there are; 0 = the dense model. */
  readonly trial: number;
  readonly trials: number;
  readonly phase: Progress['phase'];
  /** Of everything, 0 to 1. */
  readonly done: number;
  readonly secondsLeft: number | null;
}

export interface State {
  readonly settings: Settings;
  readonly model: ModelInfo | null;
  readonly opening: boolean;
  readonly data: DataInfo;
  readonly readingData: boolean;
  /** The dense model's accuracy. */
  readonly dense: number | null;
  readonly preview: Preview | null;
  readonly details: Pick<Details, 'accuracy'> | null;
  /** Whether details belong to the preview that is shown. */
  readonly fresh: boolean;
  /** Of the preview that is shown; null = not packed yet. Brotli comes last. */
  readonly sizes: FileSizes | null;
  /** The weights are being scored for the first time. */
  readonly scoring: boolean;
  readonly backends: readonly BackendState[] | null;
  readonly checking: boolean;
  readonly report: Report | null;
  /** What was chosen for each row of the report, by its id. */
  readonly choices: Readonly<Record<string, Choice>>;
  readonly run: Run | null;
  readonly cancelled: boolean;
  readonly problem: Problem | null;
}

export const INITIAL: State = {
  settings: DEFAULTS,
  model: null,
  opening: true,
  data: ZOO_DATA,
  readingData: false,
  dense: null,
  preview: null,
  details: null,
  fresh: false,
  sizes: null,
  scoring: false,
  backends: null,
  checking: false,
  report: null,
  choices: {},
  run: null,
  cancelled: false,
  problem: null,
};

export interface Store {
  get(): State;
  set(change: Partial<State>): void;
  subscribe(listener: () => void): () => void;
}

export function createStore(initial: State = INITIAL): Store {
  let state = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    set(change) {
      state = { ...state, ...change };
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export const StoreContext = createContext<Store>(createStore());

/** A part of the state; the component renders again when that part is another. */
export function useStore<T>(select: (state: State) => T): T {
  const store = useContext(StoreContext);
  const [value, setValue] = useState(() => select(store.get()));
  useEffect(() => {
    const update = () => setValue(() => select(store.get()));
    update();
    return store.subscribe(update);
  }, [store]);
  return value;
}

/** Why the data does not go into the model; undefined = it does, or there is no model yet. */
export const useMisfit = (): Misfit | undefined => {
  const model = useStore(({ model }) => model);
  const data = useStore(({ data }) => data);
  return model ? misfit(model, data) : undefined;
};
