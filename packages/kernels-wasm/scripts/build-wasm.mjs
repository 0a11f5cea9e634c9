// npm run build:wasm: compiles assembly/ twice, for SIMD and for relaxed SIMD, and writes both into src/sparse/binary.ts, which is
// committed: deflated together, since they are nearly the same, as base64. A test compares the sources' hash with the one in that file.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { assemblyHash } from './assembly-hash.cjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const asc = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');
const work = mkdtempSync(join(tmpdir(), 'espalier-wasm-'));

const FLAGS = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--noExportMemory', '--enable', 'simd'];
// With a maximum, the import needs one byte changed to accept the shared memory of TensorFlow.js's threaded build.
const LIMITS = ['--initialMemory', '1', '--maximumMemory', '65536'];

function compile(name, more) {
  const file = join(work, `${name}.wasm`);
  const args = [asc, join(root, 'assembly/index.ts'), ...FLAGS, ...LIMITS, ...more, '-o', file];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`asc failed on the ${name} build`);
  const bytes = readFileSync(file);
  check(name, bytes);
  console.log(`${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped`);
  return bytes;
}

/** The module runs in a memory that belongs to others: it must bring no data and ask for nothing but that memory. */
function check(name, bytes) {
  // 8 = start, 11 = data, 12 = data count.
  const unwanted = sections(bytes).filter((id) => [8, 11, 12].includes(id));
  if (unwanted.length > 0)
    throw new Error(`the ${name} build has sections ${unwanted}: static data would overwrite TensorFlow.js's memory`);
  const imports = WebAssembly.validate(bytes) ? WebAssembly.Module.imports(new WebAssembly.Module(bytes)) : [];
  const others = imports.filter(({ module, name, kind }) => `${module}.${name}:${kind}` !== 'env.memory:memory');
  if (others.length > 0) throw new Error(`the ${name} build imports ${others.map(({ name }) => name)}`);
}

function sections(bytes) {
  const ids = [];
  for (let at = 8; at < bytes.length;) {
    ids.push(bytes[at++]);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      size |= (bytes[at] & 127) << shift;
      if (bytes[at++] < 128) break;
    }
    at += size;
  }
  return ids;
}

try {
  const simd = compile('simd', []);
  const relaxed = compile('relaxed', ['--enable', 'relaxed-simd']);
  const text = `// Written by scripts/build-wasm.mjs from assembly/; not to be edited.

/** sha256 of the sources that the modules were compiled from. */
export const SOURCES = '${assemblyHash()}';

/** Bytes of each module; they follow each other in this order. */
export const SIZES = { simd: ${simd.length}, 'relaxed-simd': ${relaxed.length} } as const;

/** Both, deflated, in base64. */
export const MODULES =
  '${deflateRawSync(Buffer.concat([simd, relaxed]), { level: 9 }).toString('base64')}';
`;
  writeFileSync(join(root, 'src/sparse/binary.ts'), text);
} finally {
  rmSync(work, { recursive: true });
}
