import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { FLAGS } from '../../../../tools/testing/chromium.js';
import { settled } from './page.js';
import { serve } from './serve.js';

export interface Harness {
  /** The folder that was built. */
  readonly dist: string;
  readonly browser: Browser;
  readonly url: string;
  /** A page with nothing behind it. */
  open(query?: string, options?: BrowserContextOptions, where?: Browser): Promise<Page>;
  /** The same, with its model open and measured. */
  started(query?: string, options?: BrowserContextOptions, where?: Browser): Promise<Page>;
  /** What pages threw, and what they asked of other servers, since the last call. */
  faults(): string[];
  stop(): Promise<void>;
}

/** Builds the app as it is shipped, serves it, and starts a browser. */
export async function startHarness(executablePath: string): Promise<Harness> {
  const dist = mkdtempSync(join(tmpdir(), 'espalier-demo-'));
  const vite = join(dirname(require.resolve('vite/package.json')), 'bin', 'vite.js');
  const options = ['build', '--outDir', dist, '--emptyOutDir', '--logLevel', 'error'];
  execFileSync(process.execPath, [vite, ...options], { cwd: join(__dirname, '..', '..') });
  const server = await serve(dist);
  const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
  const shared = await browser.newContext({ locale: 'en-US' });
  const faults: string[] = [];

  async function open(query = '', options: BrowserContextOptions = {}, where = browser): Promise<Page> {
    const plain = where === browser && Object.keys(options).length === 0;
    // Pages of one context share what they have loaded and compiled.
    const page = await (plain ? shared.newPage() : where.newPage({ locale: 'en-US', ...options }));
    page.setDefaultTimeout(60_000);
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(server.origin) && !/^(data|blob):/.test(url)) faults.push(url);
    });
    await page.goto(`${server.url}${query}`);
    return page;
  }

  return {
    dist,
    browser,
    url: server.url,
    open,
    async started(query, options, where) {
      const page = await open(query, options, where);
      await settled(page);
      return page;
    },
    faults: () => faults.splice(0),
    async stop() {
      await browser.close();
      server.close();
      rmSync(dist, { recursive: true, force: true });
    },
  };
}
