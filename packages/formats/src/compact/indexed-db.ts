import { InputError, OutputError, show } from '@espalier/core';

const DATABASE = 'espalier';
const STORE = 'models';

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The bytes saved under a name. InputError 'database-missing'. */
export async function loadFromDatabase(key: string): Promise<Uint8Array> {
  const database = await open();
  try {
    const found: unknown = await settled(database.transaction(STORE).objectStore(STORE).get(key));
    if (found instanceof Uint8Array) return found;
  } finally {
    database.close();
  }
  const [where, wanted, fix] = [`IndexedDB ${show(key)}`, 'a saved model', 'save it first'];
  throw new InputError('database-missing', `${where}: wanted ${wanted}, found none; ${fix}`, {
    where,
    wanted,
    found: 'none',
    fix,
  });
}

/** Saves bytes under a name, whole or not at all. OutputError 'output-failed'. */
export async function saveToDatabase(key: string, bytes: Uint8Array): Promise<void> {
  const database = await open();
  try {
    const transaction = database.transaction(STORE, 'readwrite');
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    transaction.objectStore(STORE).put(bytes, key);
    await done;
  } catch (error) {
    const [where, wanted, found] = [`IndexedDB ${show(key)}`, 'room for the model', String(error)];
    throw new OutputError('output-failed', `${where}: wanted ${wanted}, found ${found}; make room`, {
      where,
      wanted,
      found,
      fix: 'make room',
      cause: error,
    });
  } finally {
    database.close();
  }
}
