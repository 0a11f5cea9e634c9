import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { findChromium, FLAGS, REQUIRED } from '../../../tools/testing/chromium.js';
import type { Outcome } from './testing/page.js';

const SLOW = 400_000;

const executablePath = findChromium();
const here = executablePath !== undefined || REQUIRED;
if (!here) test.skip('accelerate() in Chromium: none on the PATH (Debian: apt-get install chromium)', () => undefined);

(here ? describe : describe.skip)('in Chromium, on software WebGPU', () => {
  const out = mkdtempSync(join(tmpdir(), 'espalier-page-'));
  let browser: Browser | undefined;
  let server: Server | undefined;

  beforeAll(async () => {
    if (executablePath === undefined) throw new Error('no Chromium on the PATH');
    const esbuild = join(dirname(require.resolve('esbuild/package.json')), 'bin', 'esbuild');
    const page = join(__dirname, 'testing', 'page.ts');
    const flags = ['--bundle', '--format=iife', '--conditions=@espalier/source', '--log-level=error'];
    execFileSync(esbuild, [page, ...flags, `--outfile=${join(out, 'page.js')}`]);
    const script = readFileSync(join(out, 'page.js'));
    // WebGPU is for secure contexts alone, such as pages from this machine.
    server = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
      response.end(isScript ? script : '<!doctype html><script src="/page.js"></script>');
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({ executablePath, headless: true, args: [...FLAGS, '--enable-unsafe-webgpu'] });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(out, { recursive: true, force: true });
  });

  test(
    'every kernel has the results of cpu',
    async () => {
      const page = await browser!.newPage();
      const errors: string[] = [];
      page.on('pageerror', ({ message }) => errors.push(message));
      await page.goto(`http://127.0.0.1:${(server!.address() as AddressInfo).port}/`);
      const outcome = await page.evaluate(() => (globalThis as unknown as { check(): Promise<Outcome> }).check());
      await page.close();
      expect(errors).toEqual([]);
      expect(outcome.backend).toBe('webgpu');
      expect(Object.keys(outcome.errors).sort()).toEqual([...outcome.forms].sort());
      for (const error of Object.values(outcome.errors)) expect(error).toBeLessThanOrEqual(1e-4);
      expect(outcome.measured).toMatch(/ran [\d.]+× as fast as the stock kernel/);
    },
    SLOW,
  );
});
