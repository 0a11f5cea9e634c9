// npm run build:wasm: compiles assembly/ and writes it into src/kernels/binary.ts, which is committed: deflated, with all the time that it
// takes (zopfli), as base64. A test compares the sources' hash with the one in that file. The module has f64x2 where a build puts its
// multiply and add (assembly/madd.ts); that nothing else looks like these two instructions is checked against a compilation without them.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { deflateAsync } from '@gfx/zopfli';
import { assemblyHash } from './assembly-hash.cjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const asc = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');
const work = mkdtempSync(join(tmpdir(), 'espalier-wasm-'));

const FLAGS = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--noExportMemory', '--enable', 'simd'];
// With a maximum, the import needs one byte changed to accept the shared memory of TensorFlow.js's threaded build.
const LIMITS = ['--initialMemory', '1', '--maximumMemory', '65536'];

/** The module's two places, by bytes, as src/kernels/modules.ts knows them: f64x2.mul and f64x2.add, and what plain SIMD has there. */
const PLACES = [
  [Buffer.from([0xfd, 0xf2, 0x01]), Buffer.from([0xfd, 0xe6, 0x01])],
  [Buffer.from([0xfd, 0xf0, 0x01]), Buffer.from([0xfd, 0xe4, 0x01])],
];

function compile(name, sources) {
  const file = join(work, `${name}.wasm`);
  const args = [asc, join(sources, 'index.ts'), ...FLAGS, ...LIMITS, '-o', file];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`asc failed on the ${name} build`);
  const bytes = readFileSync(file);
  check(name, bytes);
  console.log(`${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped`);
  return bytes;
}

/** The same sources with f32x4 in the two places. */
function compilePlain() {
  const copy = join(work, 'assembly');
  cpSync(join(root, 'assembly'), copy, { recursive: true });
  const file = join(copy, 'madd.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/f64x2\.(mul|add)/g, 'f32x4.$1'));
  return compile('plain', copy);
}

function patched(bytes) {
  const copy = Buffer.from(bytes);
  for (const [from, to] of PLACES) {
    for (let at = copy.indexOf(from); at >= 0; at = copy.indexOf(from, at)) to.copy(copy, at);
  }
  return copy;
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
  const module = compile('module', join(root, 'assembly'));
  if (!patched(module).equals(compilePlain()))
    throw new Error('something else looks like the places of multiply and add');
  const deflated = Buffer.from(await deflateAsync(module, { numiterations: 100 }));
  console.log(`deflated: ${deflated.length} bytes`);
  const text = `// Written by scripts/build-wasm.mjs from assembly/; not to be edited.

/** sha256 of the sources that the module was compiled from. */
export const SOURCES = '${assemblyHash()}';

/** Deflated, in base64. */
export const MODULE =
  '${deflated.toString('base64')}';
`;
  writeFileSync(join(root, 'src/kernels/binary.ts'), text);
} finally {
  rmSync(work, { recursive: true });
}
