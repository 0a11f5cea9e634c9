import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { CallFailed, Cancelled, startWorker } from '../client/caller.js';
import { CUTTING, type Settings, type Values } from '../settings.js';
import type { Failure, NamedFile, Samples, Which } from '../worker/protocol.js';
import { type Fail, makeFollowing } from './following.js';
import { makeMeasuring, type Measuring } from './measuring.js';
import { makeOpening } from './opening.js';
import type { Store } from './store.js';
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

const ADDRESS_MS = 250;

export function makeActions(store: Store): Actions {
  const live = startWorker('live');
  const fail: Fail = (kind, error) => {
    if (error instanceof Cancelled) return;
    const { note, message } =
      error instanceof CallFailed ? error.failure : ({ message: String((error as Error).message ?? error) } as Failure);
    store.set({ problem: { kind, said: note ?? message } });
  };
  const refresh = makeFollowing(store, live, startWorker('files'), fail);
  const write = makeAddress(store);
  const measuring = makeMeasuring(store, live, () => ({ ...opening.sources }), fail);
  const opening = makeOpening(store, live, fail, { forget: () => measuring.forget(), choose, refresh, write });

  const { model } = store.get().settings;
  void opening.open({ kind: 'zoo', name: model === 'own' ? 'lenet-300-100' : model }, {});

  function choose(change: Partial<Settings>): void {
    if (change.model !== undefined && change.model !== 'own') {
      void opening.open({ kind: 'zoo', name: change.model }, change);
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
      if (models.length > 0) await opening.open({ kind: 'files', files: models }, { model: 'own' });
      if (data.length > 0) await opening.openData({ kind: 'files', files: data });
    },
    dismiss: () => store.set({ problem: null }),
    predict: (images, which) => live.call('predict', { images, which }),
    samples: (from, count) => live.call('samples', { from, count }),
    useZooData: () => opening.openData({ kind: 'zoo' }),
    pack: (which, as, values) => live.call('pack', { which, as, values }),
  };
}

/** Settings go into the address; browsers allow only so many changes of it in a second. */
function makeAddress(store: Store): () => void {
  let writing: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(writing);
    writing = setTimeout(() => {
      const lang = new URLSearchParams(location.search).get('lang') ?? undefined;
      const settings = formatSettings(store.get().settings, { lang });
      history.replaceState(null, '', `${location.pathname}${settings}${location.hash}`);
    }, ADDRESS_MS);
  };
}

/** Samples and labels; everything else is taken for a part of a model. */
const isData = ({ name }: NamedFile) => /\.np[yz]$|[.-]idx\d?(-ubyte)?(\.gz)?$/i.test(name);

export const ActionsContext = createContext<Actions>(undefined as never);
export const useActions = () => useContext(ActionsContext);
