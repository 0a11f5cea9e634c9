import { checkPath, readInto, withFile } from '../disk/files.js';
import type { Npy } from './npy.js';
import { decodeNpz, NPZ_DEFAULTS } from './npz.js';
import { refuse, showPath } from '../kit/refuse.js';

/**
 * The arrays of a .npz file by name. InputErrors: 'data-missing', 'data-unreadable', 'data-not-a-file', and those of `decodeNpz`.
 */
export async function readNpz(path: string, { maxBytes = NPZ_DEFAULTS.maxBytes } = {}): Promise<Map<string, Npy>> {
  checkPath(path);
  return withFile('data', path, 'give the path of a .npz file', async (handle, size) => {
    if (size > maxBytes)
      refuse('npz-size', showPath(path), `at most ${maxBytes} bytes`, String(size), 'split the data');
    const bytes = new Uint8Array(size);
    const read = await readInto(handle, bytes);
    return decodeNpz(bytes.subarray(0, read), path, { maxBytes });
  });
}
