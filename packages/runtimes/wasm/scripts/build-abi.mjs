// npm run build:abi: writes what the host and the kernels know of each other, from abi/table.cjs. All of it is committed.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { abiFiles } from './abi-files.cjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
for (const [path, text] of Object.entries(abiFiles())) {
  const filepath = join(root, path);
  const isHost = path.startsWith('src/');
  writeFileSync(filepath, isHost ? await format(text, { ...(await resolveConfig(filepath)), filepath }) : text);
}
