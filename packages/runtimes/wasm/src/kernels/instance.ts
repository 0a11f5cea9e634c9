import type { Kernels } from '../abi/kernels.js';
import { type Build, moduleOf } from './modules.js';

export { type Build, supportedBuilds } from './modules.js';

export async function instantiate(build: Build, memory: WebAssembly.Memory): Promise<Kernels> {
  const bytes = await moduleOf(build);
  if (typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer) acceptShared(bytes);
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  return instance.exports as unknown as Kernels;
}

/** The import of `env.memory` as a module spells it, up to the flags of its limits: 1 = has a maximum, 3 = and is shared. */
const MEMORY_IMPORT = [3, ...[...'env'].map(code), 6, ...[...'memory'].map(code), 2];

function code(character: string): number {
  return character.charCodeAt(0);
}

/** TensorFlow.js's threaded build shares its memory, and a module says in its binary whether its memory is shared. */
function acceptShared(bytes: Uint8Array): void {
  const start = bytes.findIndex((_, i) => MEMORY_IMPORT.every((byte, j) => bytes[i + j] === byte));
  bytes[start + MEMORY_IMPORT.length] = 3;
}
