import type { Caller } from '../client/caller.js';
import type { Details } from '../worker/protocol.js';
import type { Problem, Store } from './store.js';

export type Fail = (kind: Problem['kind'], error: unknown) => void;

/** Accuracy waits until the slider has been still for this long. */
const STILL_MS = 120;

/** What asks for the picture of the latest settings, one request at a time, and then for accuracy and sizes. */
export function makeFollowing(store: Store, live: Caller, files: Caller, fail: Fail): () => Promise<void> {
  const weigh = makeWeighing(store, files, fail);
  let running = false;
  let again = false;
  let pause: ReturnType<typeof setTimeout> | undefined;

  async function follow(): Promise<void> {
    const found = await live.call('details', undefined).catch((error) => (fail('other', error), null));
    if (!found || running) return;
    const { accuracy, artifacts } = found;
    store.set({ details: { accuracy }, fresh: true });
    void weigh(artifacts);
  }

  return async () => {
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
  };
}

/** One packing at a time; of models that wait for it, only the last one is wanted. */
function makeWeighing(store: Store, files: Caller, fail: Fail): (artifacts: Details['artifacts']) => Promise<void> {
  let unweighed: Details['artifacts'] | undefined;
  let weighing = false;
  return async (artifacts) => {
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
  };
}
