import { hookWeights, ownedByData, READINGS, requireKernels, sessionsOf, watchDisposal } from '@espalier/kernels-kit';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { FORMATS } from '../kernels/formats.js';
import type { Entries } from '../kernels/entries.js';
import type { Format } from '../kernels/format.js';
import { type Heap, openHeap } from '../kernels/heap.js';
import type { Build } from '../kernels/instance.js';
import { acceleratedWeight, type AcceleratedWeight } from './accelerated-weight.js';
import type { Pattern } from '../kernels/pattern.js';
import { type ScratchSpace, scratchSpace } from '../kernels/scratch.js';
import { selfTest } from '../kernels/self-test.js';
import { quickSlices, type Slices } from './slices.js';

interface AddOptions {
  readonly formats?: readonly Format[];
  readonly measured: boolean;
  /** What is not zero, where it is known. */
  readonly entries?: Entries;
}

/** The weights that one backend knows, by their data. */
export interface Session {
  readonly heap: Heap;
  add(dataId: object, pattern: Pattern, options: AddOptions): AcceleratedWeight;
  find(dataId: object): AcceleratedWeight | undefined;
  /** Takes back one `add`. */
  remove(dataId: object): void;
  readonly slices: Slices;
}

interface Open extends Session {
  readonly space: ScratchSpace;
  close(): void;
}

const sessions = sessionsOf<BackendWasm, Open>();

/** The session of a backend, opened on first use and closed when every user has closed it. */
export const openSession = (backend: BackendWasm, build: Build): Promise<Session> =>
  sessions.open(backend, () => start(backend, build));

export const closeSession = ({ heap: { backend } }: Session): void => sessions.close(backend);

async function start(backend: BackendWasm, build: Build): Promise<Open> {
  const heap = await openHeap(backend, build);
  const space = scratchSpace(heap);
  try {
    await selfTest(heap, space);
    return connect(heap, space);
  } catch (error) {
    space.dispose();
    throw error;
  }
}

function connect(heap: Heap, space: ScratchSpace): Open {
  const { backend } = heap;
  const weights = ownedByData<AcceleratedWeight>();
  // Before anything is wrapped, so that nothing has to be taken back.
  requireKernels('wasm', [...Object.keys(READINGS), tf.Slice]);
  const slices = quickSlices(heap);
  const undo = [
    watchDisposal(backend, weights.drop),
    slices.close,
    hookWeights('wasm', backend, weights.find, (weight, call, _, stock) => weight.run(call, stock)),
  ];
  return {
    heap,
    space,
    slices,
    find: weights.find,
    add: (dataId, pattern, { formats = FORMATS, measured, entries: known }) =>
      weights.add(dataId, () => {
        const { inputs, outputs } = pattern;
        const info = { dataId, shape: [inputs, outputs], dtype: 'float32' as const };
        const read = () => backend.typedArrayFromHeap(info) as Float32Array;
        const matrix = { read, inputs, outputs, ...(known && { entries: known }) };
        return acceleratedWeight({ heap, space, matrix, pattern, formats, measured });
      }),
    remove: weights.remove,
    close() {
      for (const back of undo) back();
      weights.clear();
      space.dispose();
    },
  };
}
