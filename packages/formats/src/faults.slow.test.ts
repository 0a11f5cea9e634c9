import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { folder, tinyJson, TINY_WEIGHTS } from '../testing/fixture.js';

/**
 * A program that writes a model or a compact file, whose `node:fs/promises` ends the process with SIGKILL at call number N of
 * all calls that touch the disk, those on file handles included.
 */
function writerProgram(): string {
  const outfile = join(folder(), 'writer.cjs');
  buildSync({
    stdin: {
      contents: `
        import * as real from 'node:fs/promises';
        import { writeModelTo } from './model-json/write-model.ts';
        import { readModel } from './read-model.ts';
        import { writeEspalierTo } from './compact/file.ts';
        import { writeSafetensorsTo } from './safetensors/write.ts';
        import { toSafetensors } from './safetensors/model.ts';
        const [dir, kind, scale, fatal] = [process.argv[2], process.argv[3], Number(process.argv[4]), Number(process.argv[5])];
        let calls = 0;
        const guard = (target) => new Proxy(target, {
          get(object, key) {
            const value = Reflect.get(object, key);
            if (typeof value !== 'function') return value;
            return async (...args) => {
              if (calls++ === fatal) { process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}); }
              const result = await value.apply(object, args);
              // Half of a write reaches the disk before the kill that comes next.
              return key === 'open' ? guard(result) : result;
            };
          },
        });
        const artifacts = ${JSON.stringify({ format: 'layers-model', modelTopology: tinyJson().modelTopology, weightSpecs: tinyJson().weightsManifest[0].weights })};
        const weightData = Float32Array.from(${JSON.stringify([...TINY_WEIGHTS])}, (w) => w * scale).buffer;
        const disk = guard({ ...real });
        const write = kind === 'model'
          ? writeModelTo(disk, dir, { ...artifacts, weightData }, { shardBytes: 8, extras: { 'pruning.plan': String(scale) } })
          : kind === 'safetensors'
          ? writeSafetensorsTo(disk, dir + '/m.safetensors', toSafetensors({ ...artifacts, weightData }), { shardBytes: 8 })
          : writeEspalierTo(disk, dir + '/m.espalier', { ...artifacts, weightData }, {});
        write.then(() => process.stdout.write(String(calls)), (error) => { console.error(error); process.exit(1); });`,
      resolveDir: __dirname,
    },
    bundle: true,
    platform: 'node',
    conditions: ['@espalier/source'],
    outfile,
  });
  return outfile;
}

const reader = `
  import { readModel } from './read-model.ts';
  readModel(process.argv[2]).then(({ artifacts }) => process.stdout.write(String(new Float32Array(artifacts.weightData)[0] / ${TINY_WEIGHTS[0]})));`;

function readerProgram(): string {
  const outfile = join(folder(), 'reader.cjs');
  buildSync({
    stdin: { contents: reader, resolveDir: __dirname },
    bundle: true,
    platform: 'node',
    conditions: ['@espalier/source'],
    outfile,
  });
  return outfile;
}

const run = (...args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8' });

describe.each([
  ['model', '', ['pruning.plan']],
  ['espalier', 'm.espalier', []],
  ['safetensors', 'm.safetensors.index.json', []],
] as const)('kill -9 at every call of a write: %s', (kind, name, companions) => {
  it('leaves the old one or the new one, and the next write succeeds', () => {
    const [writer, read] = [writerProgram(), readerProgram()];
    const dir = folder();
    const write = (scale: number, fatal: number) => run(writer, dir, kind, String(scale), String(fatal));
    const scaleOf = () => Number(run(read, join(dir, name)).stdout);
    const total = Number(write(1, -1).stdout);
    expect(total).toBeGreaterThan(10);
    let scale = 1;
    let kills = 0;
    const seen = new Set<string>();
    for (let fatal = 0; ; fatal++) {
      const before = scale;
      const { signal, status } = write(before + 1, fatal);
      if (signal !== 'SIGKILL') {
        expect(status).toBe(0);
        break;
      }
      kills++;
      scale = scaleOf();
      expect([before, before + 1]).toContain(scale);
      seen.add(scale === before ? 'old' : 'new');
      for (const companion of companions) {
        // A plan is that of the model, or not there; never another's.
        const there = readdirSync(dir).includes(companion);
        if (there) expect(readFileSync(join(dir, companion), 'utf8')).toBe(String(scale));
      }
      // What nobody asked for is put right by the next write, here of the same model.
      const { status: next, stderr } = write(before + 1, -1);
      expect([next, stderr]).toEqual([0, '']);
      scale = before + 1;
      expect(scaleOf()).toBe(scale);
      for (const companion of companions) expect(readFileSync(join(dir, companion), 'utf8')).toBe(String(scale));
      const left = readdirSync(dir);
      expect(left.filter((file) => file.startsWith('.'))).toEqual([]);
      // Shards of nobody are removed, too.
      if (kind === 'safetensors') expect(left).toHaveLength(3);
    }
    expect(kills).toBeGreaterThan(20);
    expect([...seen].sort()).toEqual(['new', 'old']);
  });
});

/** A file system of 1 MB at a folder; whether this is allowed. */
const mount = (dir: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir]).status === 0;
const unmount = (dir: string) => spawnSync('umount', [dir]);

const canMount = (() => {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-mount-'));
  const mounted = mount(dir);
  if (mounted) unmount(dir);
  rmdirSync(dir);
  return mounted;
})();

(canMount ? it : it.skip)('a full disk leaves the old model and says so (needs to mount a tmpfs)', () => {
  const dir = folder();
  expect(mount(dir)).toBe(true);
  try {
    const big = join(folder(), 'big.cjs');
    buildSync({
      stdin: {
        contents: `
          import { writeModel } from './model-json/write-model.ts';
          const size = Number(process.argv[3]);
          const artifacts = { format: 'layers-model', modelTopology: ${JSON.stringify(tinyJson().modelTopology)}, weightSpecs: [{ name: 'a', shape: [size], dtype: 'float32' }], weightData: new Float32Array(size).fill(2).buffer };
          writeModel(process.argv[2], artifacts).then(() => process.stdout.write('done'), (error) => process.stdout.write(error.code));`,
        resolveDir: __dirname,
      },
      bundle: true,
      platform: 'node',
      conditions: ['@espalier/source'],
      outfile: big,
    });
    const out = join(dir, 'out');
    mkdirSync(out);
    expect(run(big, out, '1000').stdout).toBe('done');
    const before = readdirSync(out).map((file) => [file, readFileSync(join(out, file), 'hex')]);
    expect(run(big, out, '1000000').stdout).toBe('output-full');
    expect(readdirSync(out).map((file) => [file, readFileSync(join(out, file), 'hex')])).toEqual(before);
    writeFileSync(join(out, 'notes.txt'), 'room again');
  } finally {
    unmount(dir);
  }
});
