import { internalsMoved } from '@espalier/kernels-kit';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { Kernels } from '../abi/kernels.js';
import { type Build, instantiate } from './instance.js';

/** What is used of the Emscripten module under tfjs-backend-wasm, none of it public. */
interface Internals {
  readonly asm?: { readonly memory?: unknown };
  readonly wasmMemory?: unknown;
  readonly HEAPU8?: Uint8Array;
  readonly _malloc?: (bytes: number) => number;
  readonly _free?: (offset: number) => void;
}

/** The backend's memory with our kernels in it. */
export interface Heap {
  readonly backend: BackendWasm;
  readonly build: Build;
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  /** A byte offset; fails with `OutOfMemory`. */
  allocate(bytes: number): number;
  free(offset: number): void;
  /** Views of the whole memory. Every allocation may grow it, which detaches the views taken before. */
  floats(): Float32Array;
  words(): Uint32Array;
}

/** The memory limit of WebAssembly is reached. It leaves this package nowhere: a layer that finds no room keeps the stock kernel. */
export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory';

  constructor() {
    super('WebAssembly has no memory left');
  }
}

export async function openHeap(backend: BackendWasm, build: Build): Promise<Heap> {
  const module = internals(backend);
  const { memory } = module;
  const kernels = await instantiate(build, memory);
  let buffer = memory.buffer;
  let floats = new Float32Array(buffer);
  let words = new Uint32Array(buffer);
  const refresh = () => {
    if (buffer === memory.buffer) return;
    buffer = memory.buffer;
    floats = new Float32Array(buffer);
    words = new Uint32Array(buffer);
  };
  return {
    backend,
    build,
    kernels,
    memory,
    allocate: (bytes) => {
      const offset = module.malloc(Math.max(bytes, 16)) >>> 0; // Offsets above 2 GiB come back negative.
      if (offset === 0) throw new OutOfMemory();
      return offset;
    },
    free: (offset) => {
      // A backend that was removed has dropped its module, and its memory with it.
      if ((backend as unknown as { wasm: unknown }).wasm) module.free(offset);
    },
    floats: () => (refresh(), floats),
    words: () => (refresh(), words),
  };
}

function internals(backend: BackendWasm) {
  const wasm = (backend as unknown as { wasm?: Internals }).wasm;
  const memory = wasm?.asm?.memory ?? wasm?.wasmMemory;
  const found = [
    ['its memory', memory instanceof WebAssembly.Memory && wasm?.HEAPU8?.buffer === memory.buffer],
    ['malloc', typeof wasm?._malloc === 'function'],
    ['free', typeof wasm?._free === 'function'],
    ['dataIdMap', typeof backend.dataIdMap?.get === 'function'],
    ['makeOutput', typeof backend.makeOutput === 'function'],
    ['disposeData', typeof backend.disposeData === 'function'],
  ] as const;
  const missing = found.filter(([, there]) => !there).map(([name]) => name);
  if (missing.length > 0) throw internalsMoved('wasm', `no ${missing.join(', no ')}`);
  return { memory: memory as WebAssembly.Memory, malloc: wasm!._malloc!, free: wasm!._free! };
}
