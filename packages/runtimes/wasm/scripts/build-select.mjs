// Part of npm run build:wasm: compiles assembly-select/ and writes it as base64 into src/selection/binary.ts, which is committed. A test
// compares the sources' hash with the one in that file.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assemblyHash } from './assembly-hash.cjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const asc = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');
const work = mkdtempSync(join(tmpdir(), 'espalier-wasm-'));
try {
  const file = join(work, 'select.wasm');
  // Its memory is its own: a chunk of scores, one of keys, and what belongs to them.
  const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--initialMemory', '5'];
  const args = [asc, join(root, 'assembly-select/index.ts'), ...flags, '-o', file];
  if (spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0) {
    throw new Error('asc failed on assembly-select');
  }
  const bytes = readFileSync(file);
  console.log(`select: ${bytes.length} bytes`);
  const text = `// Written by scripts/build-select.mjs from assembly-select/; not to be edited.

/** sha256 of the sources that the module was compiled from. */
export const SOURCES = '${assemblyHash('assembly-select')}';

export const SELECT =
  '${bytes.toString('base64')}';
`;
  writeFileSync(join(root, 'src/selection/binary.ts'), text);
} finally {
  rmSync(work, { recursive: true });
}
