import type { Caller } from '../client/caller.js';
import { misfit } from '../fit.js';
import { needsData, type Settings } from '../settings.js';
import type { DataInfo, DataSource, ModelInfo, ModelSource } from '../worker/protocol.js';
import type { Fail } from './following.js';
import type { Store } from './store.js';

interface Opening {
  /** What is open. */
  readonly sources: { model: ModelSource; data: DataSource };
  /** One after the other; of several that wait, the last one is opened. */
  open(next: ModelSource, settings: Partial<Settings>): Promise<void>;
  openData(next: DataSource): Promise<void>;
}

export interface Changed {
  /** Another model or other data: what was measured is of the past. */
  forget(): void;
  choose(change: Partial<Settings>): void;
  refresh(): Promise<void>;
  write(): void;
}

export function makeOpening(store: Store, live: Caller, fail: Fail, changed: Changed): Opening {
  const sources: Opening['sources'] = { model: { kind: 'zoo', name: 'lenet-300-100' }, data: { kind: 'zoo' } };
  let opened: Promise<void> = Promise.resolve();
  let wanted: ModelSource | undefined;
  let first = true;
  const measureDense = async () => {
    await changed.refresh();
    store.set({ dense: await live.call('denseAccuracy', undefined) });
  };

  async function openNow(next: ModelSource, settings: Partial<Settings>): Promise<void> {
    store.set({ opening: true });
    try {
      const model = await live.call('open', next);
      sources.model = next;
      changed.forget();
      const asked = { ...store.get().settings, ...settings, ...(first ? {} : UNSEEN) };
      const settled = suited(asked, model, store.get().data);
      store.set({ model, settings: settled, preview: null, details: null, dense: null, problem: null });
      first = false;
      changed.write();
      await measureDense();
    } catch (error) {
      fail('model', error);
    } finally {
      store.set({ opening: false });
    }
  }

  async function openData(next: DataSource): Promise<void> {
    store.set({ readingData: true });
    try {
      // A model that is being opened is measured on the data of before; one after the other.
      await opened;
      const data = await live.call('data', next);
      sources.data = next;
      changed.forget();
      const { model, settings } = store.get();
      const settled = model && { settings: suited(settings, model, data) };
      store.set({ data, details: null, dense: null, problem: null, ...settled });
      changed.choose({ a: 'dense', b: 'live', take: 'live', sample: 0 });
      await measureDense();
    } catch (error) {
      fail('data', error);
    } finally {
      store.set({ readingData: false });
    }
  }

  return {
    sources,
    openData,
    open(next, settings) {
      wanted = next;
      opened = opened.then(() => (wanted === next ? openNow(next, settings) : undefined));
      return opened;
    },
  };
}

/** What another model has not got: its measurements, and its kernels by name. */
const UNSEEN = { kernel: null, a: 'dense', b: 'live', take: 'live' } as const;

/** Choices that the model rules out go back to those that always work. */
function suited(settings: Settings, model: ModelInfo, data: DataInfo): Settings {
  const { channels, kernels } = model;
  const fits = misfit(model, data) === undefined;
  return {
    ...settings,
    kernel: kernels.some(({ id }) => id === settings.kernel) ? settings.kernel : null,
    ...(!fits && needsData(settings.scorer) && { scorer: 'magnitude' }),
    ...(!fits && { fineTune: 0 }),
    ...(!channels && settings.strategy === 'structured' && { strategy: 'unstructured' as const }),
  };
}
