import { createHash } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withFile } from './files.js';
import { staleFolders } from './recover.js';

/** The names that shards get here, by their content: those of an old model stay as they are until the new one is in place. */
export const OWN_SHARD = /^weights-\d+of\d+-[0-9a-f]{16}\.bin$|^[^/]*-\d{5,}-of-\d{5,}-[0-9a-f]{16}\.safetensors$/;

/** The names of the shards that a write adds or removes, while it is under way. */
const NOTE = 'shards.txt';
const FIX = 'write the model again';

export const hashOf = (shard: Uint8Array) => createHash('sha256').update(shard).digest('hex').slice(0, 16);

export const noteOf = (names: readonly string[]) => ({
  name: NOTE,
  text: JSON.stringify(names.filter((name) => OWN_SHARD.test(name))),
});

/** The shards that writers which were killed may have left without a model, by their notes. */
export async function abandonedShards(dir: string): Promise<string[]> {
  const names: string[] = [];
  for (const folder of await staleFolders(dir).catch(() => [])) {
    const note = await withFile('data', join(folder, NOTE), FIX, (handle) => handle.readFile('utf8')).catch(() => '');
    names.push(...(note.match(/[^"]+/g) ?? []).filter((name) => OWN_SHARD.test(name)));
  }
  return names;
}

/** Removes those files that no JSON file in the folder mentions: another model may share a shard with the one replaced. */
export async function removeUnnamed(dir: string, names: readonly string[]): Promise<void> {
  // Other names can be written in JSON in more than one way, so that searching would not find them.
  const candidates = new Set(names.filter((name) => /^[\w./ -]+$/.test(name)));
  if (candidates.size === 0) return;
  for (const name of await readdir(dir)) {
    if (!/json/i.test(name)) continue;
    const text = await withFile('data', join(dir, name), FIX, (handle) => handle.readFile('latin1')).catch((error) =>
      (error as { code?: string }).code === 'data-not-a-file' ? '' : undefined,
    );
    // It may name any of them.
    if (text === undefined) return;
    for (const candidate of candidates) if (text.includes(basename(candidate))) candidates.delete(candidate);
  }
  // A shard that cannot be removed does no harm: the model is written.
  for (const name of candidates) await unlink(join(dir, name)).catch(() => undefined);
}
