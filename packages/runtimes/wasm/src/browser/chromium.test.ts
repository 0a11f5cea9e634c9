import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { findChromium, FLAGS, REQUIRED } from '../../../../../tools/testing/chromium.js';
import type { Outcome } from './page.js';
import { serve } from './serve.js';

const executablePath = findChromium();
const here = executablePath !== undefined || REQUIRED;
if (!here) test.skip('accelerate() in Chromium: none on the PATH (Debian: apt-get install chromium)', () => undefined);

(here ? describe : describe.skip)('in Chromium', () => {
  const out = mkdtempSync(join(tmpdir(), 'espalier-page-'));
  let browser: Browser | undefined;
  let server: Awaited<ReturnType<typeof serve>> | undefined;

  beforeAll(async () => {
    if (executablePath === undefined) throw new Error('no Chromium on the PATH');
    const esbuild = join(dirname(require.resolve('esbuild/package.json')), 'bin', 'esbuild');
    const page = join(__dirname, 'page.ts');
    const target = `--outfile=${join(out, 'page.js')}`;
    execFileSync(esbuild, [
      page,
      '--bundle',
      '--format=iife',
      '--conditions=@espalier/source',
      target,
      '--log-level=error',
    ]);
    const wasm = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'));
    server = await serve({ page: out, wasm });
    browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(out, { recursive: true, force: true });
  });

  test.each([
    ["TensorFlow.js's SIMD build, our SIMD build", 'plain.html', false],
    ["TensorFlow.js's SIMD build, our relaxed SIMD build", 'plain.html', true],
    ["TensorFlow.js's threaded SIMD build, our SIMD build", 'isolated.html', false],
    ["TensorFlow.js's threaded SIMD build, our relaxed SIMD build", 'isolated.html', true],
  ])('%s: the results of cpu', async (_name, path, relaxed) => {
    const page = await browser!.newPage();
    const errors: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    // TensorFlow.js takes its threaded build from two processors on.
    await page.addInitScript("Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => 2 })");
    await page.goto(`${server!.origin}/${path}`);
    const outcome = await page.evaluate(
      (options) => {
        const { check } = globalThis as unknown as { check(options: object): Promise<Outcome> };
        return check(options);
      },
      { relaxed },
    );
    await page.close();
    expect(errors).toEqual([]);
    const threaded = path === 'isolated.html';
    expect(outcome).toMatchObject({ isolated: threaded, shared: threaded, build: relaxed ? 'relaxed-simd' : 'simd' });
    for (const error of [...outcome.errors, outcome.undone]) expect(error).toBeLessThanOrEqual(1e-4);
    const kernels = Object.fromEntries(outcome.layers.map(({ id, kernel }) => [id, kernel]));
    expect(Object.keys(kernels)).toEqual([
      'point/kernel',
      'patch/kernel',
      'depth/depthwise_kernel',
      'hidden/kernel',
      'top/kernel',
    ]);
    for (const id of ['point/kernel', 'patch/kernel', 'hidden/kernel', 'top/kernel']) {
      expect(kernels[id]).not.toBe('stock');
    }
  });
});
