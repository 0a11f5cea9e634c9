import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { findChromium, FLAGS, REQUIRED } from '../../../../tools/testing/chromium.js';
import { ZOO } from '@espalier/zoo';
import { readModel } from '../read-model.js';
import { decodeEspalier, encodeEspalier } from '../web.js';
import type { Outcome } from './page.js';
import { serve } from './serve.js';

const executablePath = findChromium();
const here = executablePath !== undefined || REQUIRED;
if (!here) test.skip('compact files in Chromium: none on the PATH (Debian: apt-get install chromium)', () => undefined);

(here ? describe : describe.skip)('in Chromium', () => {
  const out = mkdtempSync(join(tmpdir(), 'espalier-page-'));
  let browser: Browser | undefined;
  let server: Awaited<ReturnType<typeof serve>> | undefined;
  let file = Buffer.alloc(0);

  beforeAll(async () => {
    if (executablePath === undefined) throw new Error('no Chromium on the PATH');
    const esbuild = join(dirname(require.resolve('esbuild/package.json')), 'bin', 'esbuild');
    const [page, script] = [join(__dirname, 'page.ts'), join(out, 'page.js')];
    // For browsers: a module of Node anywhere below web.ts fails the build.
    const how = [
      '--bundle',
      '--format=iife',
      '--platform=browser',
      '--conditions=@espalier/source',
      '--log-level=error',
    ];
    execFileSync(esbuild, [page, ...how, `--outfile=${script}`]);
    const { artifacts } = await readModel(ZOO['lenet-300-100'].dir);
    const sparse = new Float32Array((artifacts.weightData as ArrayBuffer).slice()).map((w) =>
      Math.abs(w) < 0.08 ? 0 : w,
    );
    file = Buffer.from(encodeEspalier({ ...artifacts, weightData: sparse.buffer }));
    server = await serve(readFileSync(script), file);
    browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(out, { recursive: true, force: true });
  });

  test('a file loads by URL, from IndexedDB, memory and pieces as in Node, bit for bit, and a broken one is told', async () => {
    const page = await browser!.newPage();
    const pageErrors: string[] = [];
    page.on('pageerror', ({ message }) => pageErrors.push(message));
    await page.goto(`${server!.origin}/plain.html`);
    const outcome = await page.evaluate(
      (options) => {
        const { check } = globalThis as unknown as { check(options: object): Promise<Outcome> };
        return check(options);
      },
      { file: `${server!.origin}/model.espalier`, url: '/model.espalier' },
    );
    await page.close();
    expect(pageErrors).toEqual([]);

    const { modelTopology, weightSpecs, weightData } = decodeEspalier(file);
    const hash = createHash('sha256').update(JSON.stringify([modelTopology, weightSpecs]));
    const wanted = hash.update(new Uint8Array(weightData as ArrayBuffer)).digest('hex');
    const ways = ['url', 'chunked', 'pieces', 'bytes', 'buffer', 'blob', 'memory', 'database'];
    expect(outcome.digests).toEqual(Object.fromEntries(ways.map((way) => [way, wanted])));
    expect(outcome.sameBytes).toBe(true);

    expect(outcome.progress.length).toBeGreaterThan(0);
    expect(outcome.progress.at(-1)).toEqual([file.length, file.length]);
    outcome.progress.forEach(([bytes, total], i) => {
      expect(total).toBe(file.length);
      expect(bytes).toBeGreaterThan(i === 0 ? 0 : outcome.progress[i - 1][0]);
    });

    const codes = Object.fromEntries(Object.entries(outcome.errors).map(([what, [code]]) => [what, code]));
    expect(codes).toEqual({
      flipped: 'compact-checksum',
      cut: 'compact-truncated',
      flippedUrl: 'compact-checksum',
      cutUrl: 'compact-truncated',
      page: 'compact-magic',
      missing: 'url-status',
      unreachable: 'url-unreachable',
      aborted: 'AbortError',
      database: 'database-missing',
    });
    expect(outcome.errors.flippedUrl[1]).toContain('/model.espalier?flipped');
    expect(outcome.errors.flipped[1]).toContain("weight 'fc3/bias'");
    expect(outcome.errors.missing[1]).toContain('404');
  });
});
