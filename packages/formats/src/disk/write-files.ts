import { basename, dirname } from 'node:path';
import { commitFiles } from './atomic.js';
import { asBytes, checkPath, type FileSize } from './files.js';

/**
 * Writes files into a folder, each whole or not at all, the last one last; other files there are left alone. Creates the
 * folder. Strings become UTF-8. Throws an OutputError where that fails (see `writeModel`), a UsageError for a file name
 * with a folder in it.
 */
export async function writeFiles(
  dir: string,
  contents: Readonly<Record<string, Uint8Array | string>>,
): Promise<FileSize[]> {
  const files = new Map(Object.entries(contents).map(([name, content]) => [name, asBytes(content)]));
  return commitFiles(dir, { files });
}

/** Writes one file, whole or not at all; see `writeFiles`. */
export async function writeFile(path: string, content: Uint8Array | string): Promise<FileSize> {
  checkPath(path);
  const [file] = await writeFiles(dirname(path), { [basename(path)]: content });
  return { path, bytes: file.bytes };
}
