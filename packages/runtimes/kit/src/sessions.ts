import { wrapMethod } from './wrap-method.js';

/** What is opened for a backend by its first user and closed by its last. */
export interface Sessions<B extends object, T> {
  open(backend: B, start: () => Promise<T>): Promise<T>;
  close(backend: B): void;
}

interface Opened<T> {
  readonly session: T;
  users: number;
}

export function sessionsOf<B extends object, T extends { close(): void }>(): Sessions<B, T> {
  const opened = new Map<B, Promise<Opened<T>>>();
  const ready = new Map<B, Opened<T>>();

  function begin(backend: B, start: () => Promise<T>): Promise<Opened<T>> {
    const opening = start().then((session) => {
      const entry = { session, users: 0 };
      ready.set(backend, entry);
      return entry;
    });
    opened.set(backend, opening);
    opening.catch(() => opened.delete(backend));
    return opening;
  }

  async function open(backend: B, start: () => Promise<T>): Promise<T> {
    const entry = await (opened.get(backend) ?? begin(backend, start));
    // Its last user may have closed it while this one waited.
    if (ready.get(backend) !== entry) return open(backend, start);
    entry.users++;
    return entry.session;
  }

  return {
    open,
    close(backend) {
      const entry = ready.get(backend);
      if (!entry || --entry.users > 0) return;
      ready.delete(backend);
      opened.delete(backend);
      entry.session.close();
    },
  };
}

/** Things by the data of the tensor that they are for, each there until as many removed it as added it. */
export interface Owned<W> {
  find(dataId: object): W | undefined;
  add(dataId: object, make: () => W): W;
  /** Takes back one `add`. */
  remove(dataId: object): void;
  /** Takes back all of them. */
  drop(dataId: object): void;
  clear(): void;
}

export function ownedByData<W extends { dispose(): void }>(): Owned<W> {
  const entries = new Map<object, { readonly owned: W; owners: number }>();
  const drop = (dataId: object) => {
    entries.get(dataId)?.owned.dispose();
    entries.delete(dataId);
  };
  return {
    find: (dataId) => entries.get(dataId)?.owned,
    add(dataId, make) {
      const entry = entries.get(dataId);
      if (entry) {
        entry.owners++;
        return entry.owned;
      }
      const owned = make();
      entries.set(dataId, { owned, owners: 1 });
      return owned;
    },
    remove(dataId) {
      const entry = entries.get(dataId);
      if (entry && --entry.owners === 0) drop(dataId);
    },
    drop,
    clear: () => [...entries.keys()].forEach(drop),
  };
}

interface Disposer {
  disposeData(dataId: object, force?: boolean): boolean;
}

/** Calls `after` when a backend lets go of data: its tensor was disposed, assigned over, or moved to another backend. */
export const watchDisposal = (backend: Disposer, after: (dataId: object) => void): (() => void) =>
  wrapMethod(backend, 'disposeData', (stock, active) => (dataId, force) => {
    const gone = stock.call(backend, dataId, force);
    if (active() && gone) after(dataId);
    return gone;
  });
