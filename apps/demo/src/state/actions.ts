import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { CallFailed, Cancelled, startWorker } from '../client/caller.js';
import { CUTTING, needsData, type Settings, type Values } from '../settings.js';
import { misfit } from '../fit.js';
import type {
  DataInfo,
  DataSource,
  Details,
  ModelInfo,
  ModelSource,
  NamedFile,
  Samples,
  Which,
} from '../worker/protocol.js';
import { makeMeasuring, type Measuring } from './measuring.js';
import type { Problem, Store } from './store.js';
import { formatSettings } from './url.js';

/** Everything that the page can be asked to do. */
export interface Actions extends Measuring {
  choose(change: Partial<Settings>): void;
  openFiles(files: readonly File[]): Promise<void>;
  dismiss(): void;
  predict(images: Float32Array, which: readonly Which[]): Promise<number[][][]>;
  samples(from: number, count: number): Promise<Samples>;
  /** Back to the data that comes with the page. */
  useZooData(): Promise<void>;
  pack(which: Which, as: 'tfjs' | 'espalier', values: Values): Promise<Uint8Array>;
}

/** Accuracy waits until the slider has been still for this long. */
const STILL_MS = 120;
const ADDRESS_MS = 250;

export function makeActions(store: Store): Actions {
  const live = startWorker('live');
  const files = startWorker('files');
  let source: ModelSource = { kind: 'zoo', name: 'lenet-300-100' };
  const fail = (kind: Problem['kind'], error: unknown) => {
    if (error instanceof Cancelled) return;
    const message = error instanceof CallFailed ? error.failure.message : String((error as Error).message ?? error);
    store.set({ problem: { kind, message } });
  };
  let dataSource: DataSource = { kind: 'zoo' };
  const measuring = makeMeasuring(store, live, () => ({ model: source, data: dataSource }), fail);

  let running = false;
  let again = false;
  let pause: ReturnType<typeof setTimeout> | undefined;
  /** Asks for the latest settings, one request at a time. */
  async function refresh(): Promise<void> {
    clearTimeout(pause);
    store.set({ fresh: false, sizes: null });
    if (running) {
      again = true;
      return;
    }
    running = true;
    const slow = setTimeout(() => store.set({ scoring: true }), 300);
    try {
      do {
        again = false;
        const preview = await live.call('preview', store.get().settings);
        store.set({ preview, problem: store.get().problem?.kind === 'other' ? null : store.get().problem });
      } while (again);
      pause = setTimeout(follow, STILL_MS);
    } catch (error) {
      fail('other', error);
    } finally {
      clearTimeout(slow);
      running = false;
      store.set({ scoring: false });
    }
  }

  async function follow(): Promise<void> {
    const found = await live.call('details', undefined).catch((error) => (fail('other', error), null));
    if (!found || running) return;
    const { accuracy, artifacts } = found;
    store.set({ details: { accuracy }, fresh: true });
    void weigh(artifacts);
  }

  let unweighed: Details['artifacts'] | undefined;
  let weighing = false;
  /** One packing at a time; of models that wait for it, only the last one is wanted. */
  async function weigh(artifacts: Details['artifacts']): Promise<void> {
    unweighed = artifacts;
    if (weighing) return;
    weighing = true;
    while (unweighed) {
      const next: Details['artifacts'] = unweighed;
      unweighed = undefined;
      try {
        const sizes = await files.call('sizes', next);
        const wanted = () => unweighed === undefined && store.get().fresh;
        if (wanted()) store.set({ sizes: { ...sizes, brotli: null } });
        if (wanted()) {
          const brotli = await files.call('brotli', undefined);
          if (wanted()) store.set({ sizes: { ...sizes, brotli } });
        }
      } catch (error) {
        fail('other', error);
      }
    }
    weighing = false;
  }

  let opened: Promise<void> = Promise.resolve();
  let wanted: ModelSource | undefined;
  /** One after the other; of several that wait, the last one is opened. */
  function open(next: ModelSource, settings: Partial<Settings>): Promise<void> {
    wanted = next;
    opened = opened.then(() => (wanted === next ? openNow(next, settings) : undefined));
    return opened;
  }

  let first = true;
  async function openNow(next: ModelSource, settings: Partial<Settings>): Promise<void> {
    store.set({ opening: true });
    try {
      const model = await live.call('open', next);
      source = next;
      measuring.forget();
      store.set({
        model,
        settings: suited({ ...store.get().settings, ...settings, ...(first ? {} : UNSEEN) }, model, store.get().data),
        preview: null,
        details: null,
        dense: null,
        problem: null,
      });
      first = false;
      write();
      await refresh();
      store.set({ dense: await live.call('denseAccuracy', undefined) });
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
      dataSource = next;
      measuring.forget();
      const { model, settings } = store.get();
      store.set({
        data,
        details: null,
        dense: null,
        problem: null,
        ...(model && { settings: suited(settings, model, data) }),
      });
      choose({ a: 'dense', b: 'live', take: 'live', sample: 0 });
      await refresh();
      store.set({ dense: await live.call('denseAccuracy', undefined) });
    } catch (error) {
      fail('data', error);
    } finally {
      store.set({ readingData: false });
    }
  }

  let writing: ReturnType<typeof setTimeout> | undefined;
  function write(): void {
    clearTimeout(writing);
    // Browsers allow only so many changes of the address in a second.
    writing = setTimeout(() => {
      const lang = new URLSearchParams(location.search).get('lang') ?? undefined;
      history.replaceState(
        null,
        '',
        `${location.pathname}${formatSettings(store.get().settings, { lang })}${location.hash}`,
      );
    }, ADDRESS_MS);
  }

  const { model } = store.get().settings;
  void open({ kind: 'zoo', name: model === 'own' ? 'lenet-300-100' : model }, {});

  function choose(change: Partial<Settings>): void {
    if (change.model !== undefined && change.model !== 'own') {
      void open({ kind: 'zoo', name: change.model }, change);
      return;
    }
    store.set({ settings: { ...store.get().settings, ...change } });
    write();
    if (CUTTING.some((key) => key in change)) void refresh();
  }

  return {
    ...measuring,
    choose,
    async openFiles(files) {
      const named = files.map((file) => ({ name: file.webkitRelativePath || file.name, file }));
      const [data, models] = [named.filter(isData), named.filter((file) => !isData(file))];
      if (models.length > 0) await open({ kind: 'files', files: models }, { model: 'own' });
      if (data.length > 0) await openData({ kind: 'files', files: data });
    },
    dismiss: () => store.set({ problem: null }),
    predict: (images, which) => live.call('predict', { images, which }),
    samples: (from, count) => live.call('samples', { from, count }),
    useZooData: () => openData({ kind: 'zoo' }),
    pack: (which, as, values) => live.call('pack', { which, as, values }),
  };
}

/** What another model has not got: its measurements, and its kernels by name. */
const UNSEEN = { kernel: null, a: 'dense', b: 'live', take: 'live' } as const;

/** Samples and labels; everything else is taken for a part of a model. */
const isData = ({ name }: NamedFile) => /\.np[yz]$|[.-]idx\d?(-ubyte)?(\.gz)?$/i.test(name);

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

export const ActionsContext = createContext<Actions>(undefined as never);
export const useActions = () => useContext(ActionsContext);
