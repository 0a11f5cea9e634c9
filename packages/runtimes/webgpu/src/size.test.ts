import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The bundle that a web page gets: minified, with core's part in it and without TensorFlow.js. */
function bundle(code: string): Buffer {
  const esbuild = join(dirname(require.resolve('esbuild/package.json')), 'bin', 'esbuild');
  const flags = ['--bundle', '--minify', '--format=esm', '--conditions=@espalier/source', '--external:@tensorflow/*'];
  return execFileSync(esbuild, flags, { input: code, cwd: __dirname, maxBuffer: 1 << 26 });
}

test('accelerate() with all kernels is smaller than 14 KB, minified and gzipped', () => {
  const code = bundle(`export { accelerate } from './index.ts';`);
  const size = gzipSync(code, { level: 9 }).length;
  expect(size).toBeLessThan(14 * 1024);
  // All kernels are in it, and nothing of what only tests need.
  for (const name of ['n:m-vector', 'blocks-4x1-vector', 'unstructured-vector', 'workgroupBarrier']) {
    expect(code.toString()).toContain(name);
  }
  expect(code.toString()).not.toMatch(/node:|nothing in this model|stays dense/);
});
