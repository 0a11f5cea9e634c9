// npm run build:wasm: compiles assembly/ and writes it as base64 into src/binary.ts, which is committed. A test compares the
// sources' hash with the one in that file.
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
const file = join(work, 'linear.wasm');
const FLAGS = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--initialMemory', '1'];

try {
  const args = [asc, join(root, 'assembly/index.ts'), ...FLAGS, '-o', file];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error('asc failed');
  const bytes = readFileSync(file);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  if (imports.length > 0) throw new Error(`the module imports ${imports.map(({ name }) => name)}`);
  console.log(`${bytes.length} bytes`);
  const text = `// Written by scripts/build-wasm.mjs from assembly/; not to be edited.

/** sha256 of the sources that the module was compiled from. */
export const SOURCES = '${assemblyHash()}';

export const MODULE =
  '${bytes.toString('base64')}';
`;
  writeFileSync(join(root, 'src/binary.ts'), text);
} finally {
  rmSync(work, { recursive: true });
}
