import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The bundle that a web page gets: minified, with core's part in it and without TensorFlow.js. */
function bundle(code: string): Buffer {
  const esbuild = join(dirname(require.resolve('esbuild/package.json')), 'bin', 'esbuild');
  const flags = ['--bundle', '--minify', '--format=esm', '--conditions=@espalier/source', '--external:@tensorflow/*'];
  return execFileSync(esbuild, flags, { input: code, cwd: __dirname, maxBuffer: 1 << 26 });
}

test('the whole package is smaller than 30 KB, minified and gzipped', () => {
  const all = bundle(`export * from './index.ts'; export * from './register.ts'; export * from './select/index.ts';`);
  expect(all.toString()).toContain('accelerate');
  expect(gzipSync(all, { level: 9 }).length).toBeLessThan(30 * 1024);
});

test('who selects alone gets neither the other kernels nor TensorFlow.js', () => {
  const part = bundle(`export * from './select/index.ts';`).toString();
  expect(part).toContain('selectLowestWasm');
  expect(part).not.toContain('@tensorflow');
  expect(gzipSync(part, { level: 9 }).length).toBeLessThan(8 * 1024);
});
