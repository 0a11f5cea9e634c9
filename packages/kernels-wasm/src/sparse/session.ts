import { override, type Reading, READINGS } from '@espalier/core/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { FORMATS } from './formats.js';
import type { Entries } from './entries.js';
import type { Format } from './format.js';
import { type Heap, internalsMoved, openHeap } from './heap.js';
import type { Build } from './instance.js';
import { layer, type Layer } from './layer.js';
import type { Pattern } from './matrix.js';
import { type ScratchSpace, scratchSpace } from './scratch.js';
import { selfTest } from './self-test.js';

interface AddOptions {
  readonly formats?: readonly Format[];
  readonly measured: boolean;
  /** What is not zero, where it is known. */
  readonly entries?: Entries;
}

/** The weights that one backend knows, by their data. */
export interface Session {
  readonly heap: Heap;
  add(dataId: object, pattern: Pattern, options: AddOptions): Layer;
  find(dataId: object): Layer | undefined;
  /** Takes back one `add`. */
  remove(dataId: object): void;
}

interface Open extends Session {
  readonly space: ScratchSpace;
  readonly close: () => void;
  users: number;
}

const sessions = new Map<object, Open>();
const opening = new Map<object, Promise<Open>>();

/** The session of a backend, opened on first use and closed when every user has closed it. */
export async function openSession(backend: BackendWasm, build: Build): Promise<Session> {
  let session = sessions.get(backend);
  if (!session) {
    let started = opening.get(backend);
    if (!started) opening.set(backend, (started = start(backend, build).finally(() => opening.delete(backend))));
    session = await started;
  }
  session.users++;
  return session;
}

export function closeSession({ heap: { backend } }: Session): void {
  const session = sessions.get(backend);
  if (!session || --session.users > 0) return;
  sessions.delete(backend);
  session.close();
}

async function start(backend: BackendWasm, build: Build): Promise<Open> {
  const heap = await openHeap(backend, build);
  const space = scratchSpace(heap);
  try {
    await selfTest(heap, space);
    const session = connect(heap, space);
    sessions.set(backend, session);
    return session;
  } catch (error) {
    space.dispose();
    throw error;
  }
}

function connect(heap: Heap, space: ScratchSpace): Open {
  const { backend } = heap;
  const entries = new Map<object, { layer: Layer; owners: number }>();
  // Before anything is wrapped, so that nothing has to be taken back.
  const missing = Object.keys(READINGS).find((name) => !tf.getKernel(name, 'wasm'));
  if (missing !== undefined) throw internalsMoved(`no kernel ${missing}`);

  const drop = (dataId: object) => {
    entries.get(dataId)?.layer.dispose();
    entries.delete(dataId);
  };
  const undo = [
    watchDisposal(backend, (dataId) => {
      if (entries.has(dataId) && !backend.dataIdMap.has(dataId)) drop(dataId);
    }),
    ...Object.entries(READINGS).map(([name, read]) =>
      hook(name, read, backend, (dataId) => entries.get(dataId)?.layer),
    ),
  ];
  return {
    heap,
    space,
    users: 0,
    find: (dataId) => entries.get(dataId)?.layer,
    add(dataId, pattern, { formats = FORMATS, measured, entries: known }) {
      const entry = entries.get(dataId);
      if (entry) {
        entry.owners++;
        return entry.layer;
      }
      const { inputs, outputs } = pattern;
      const info = { dataId, shape: [inputs, outputs], dtype: 'float32' as const };
      const read = () => backend.typedArrayFromHeap(info) as Float32Array;
      const matrix = { read, inputs, outputs, ...(known && { entries: known }) };
      const made = layer(heap, space, matrix, pattern, formats, measured);
      entries.set(dataId, { layer: made, owners: 1 });
      return made;
    },
    remove(dataId) {
      const entry = entries.get(dataId);
      if (entry && --entry.owners === 0) drop(dataId);
    },
    close() {
      for (const back of undo) back();
      for (const dataId of [...entries.keys()]) drop(dataId);
      space.dispose();
    },
  };
}

function hook(
  name: string,
  read: Reading,
  backend: BackendWasm,
  find: (dataId: object) => Layer | undefined,
): () => void {
  return override(name, 'wasm', (args, stock) => {
    const weights = (args.inputs.filter ?? args.inputs.b) as tf.TensorInfo | undefined;
    const found = weights && args.backend === backend ? find(weights.dataId) : undefined;
    const call = found && read(args, found.pattern, found.memo);
    return call && found.run(call, stock);
  });
}

/** Encodings go with the tensor that they are of: disposed, assigned over, or moved to another backend. */
function watchDisposal(backend: BackendWasm, after: (dataId: object) => void): () => void {
  const stock = backend.disposeData;
  const own = Object.hasOwn(backend, 'disposeData');
  const ours: BackendWasm['disposeData'] = (dataId, force) => {
    const gone = stock.call(backend, dataId, force);
    after(dataId);
    return gone;
  };
  let active = true;
  const wrapped: BackendWasm['disposeData'] = (dataId, force) =>
    active ? ours(dataId, force) : stock.call(backend, dataId, force);
  backend.disposeData = wrapped;
  return () => {
    active = false;
    if (backend.disposeData !== wrapped) return;
    if (own) backend.disposeData = stock;
    else delete (backend as Partial<BackendWasm>).disposeData;
  };
}
