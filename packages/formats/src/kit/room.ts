import { refuse } from './refuse.js';

const FIX = 'use a machine with more memory';

/** InputError 'weights-size' where weights take more bytes than `limit`. */
export function checkRoom(size: number, limit: number, where: string): void {
  if (size > limit) refuse('weights-size', where, `at most ${limit} bytes of weights`, `${size}`, FIX);
}

/**
 * `size` bytes for weights; InputError 'weights-size' where they are more than `limit`, or more than one buffer of this JavaScript
 * engine holds.
 */
export function roomFor(size: number, limit: number, where: string): Uint8Array<ArrayBuffer> {
  checkRoom(size, limit, where);
  try {
    // There are buffers that no array can look at as a whole.
    return new Uint8Array(size);
  } catch (error) {
    return refuse('weights-size', where, 'as many bytes of weights as one buffer can hold', `${size}`, FIX, error);
  }
}
