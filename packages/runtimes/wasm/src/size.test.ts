import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The bundle that a web page gets: minified, with core's part in it and without TensorFlow.js. */
function bundle(code: string): Buffer {
  const esbuild = join(dirname(require.resolve('esbuild/package.json')), 'bin', 'esbuild');
  const flags = ['--bundle', '--minify', '--format=esm', '--conditions=@espalier/source', '--external:@tensorflow/*'];
  return execFileSync(esbuild, flags, { input: code, cwd: __dirname, maxBuffer: 1 << 26 });
}

const gzipped = (code: string) => gzipSync(bundle(code), { level: 9 }).length;

test("all of the package's main entry, with both builds of the kernels, is smaller than 30 KB, minified and gzipped", () => {
  expect(gzipped(`export * from './index.ts';`)).toBeLessThan(30 * 1024);
  expect(gzipped(`export { accelerate } from './index.ts';`)).toBeLessThan(20 * 1024);
});

test('training and selection are entries of their own, for those who import them', () => {
  const part = bundle(`export * from './selection/index.ts';`).toString();
  expect(part).toContain('selectLowestWasm');
  expect(part).not.toContain('@tensorflow');
  expect(gzipped(`export * from './selection/index.ts';`)).toBeLessThan(6 * 1024);
  expect(gzipped(`export * from './training/index.ts';`)).toBeLessThan(6 * 1024);
});
