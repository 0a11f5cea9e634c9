import { InputError, show } from '@espalier/core';
import type { NamedFile } from './protocol.js';

/** A file may be gone or changed since it was chosen. */
export async function bytesOf({ name, file }: NamedFile) {
  try {
    return { name, bytes: new Uint8Array(await file.arrayBuffer()) };
  } catch (error) {
    const [found, fix] = [(error as Error).message, 'choose it again'];
    throw new InputError('file-unreadable', `${show(name)} could not be read: ${found}; ${fix}`, {
      where: name,
      found,
      fix,
    });
  }
}
