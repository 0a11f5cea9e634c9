// A page in headless Chromium, on software WebGPU, with testing/page.ts in it.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium, FLAGS, REQUIRED } from '../../../../../tools/testing/chromium.js';
import type { Net, NetOutcome } from './nets.js';
import type { Outcome } from './page.js';

export interface TestPage {
  check(): Promise<Outcome>;
  checkNet(net: Net, kernel: string): Promise<NetOutcome>;
  /** What the page threw since the last call. */
  faults(): string[];
}

type Functions = Pick<TestPage, 'check'> & {
  checkNet(artifacts: unknown, weights: string, shape: number[], kernel: string): Promise<NetOutcome>;
};

/** Tests in a page; skipped, with the reason, where there is no Chromium. */
export function inChromium(name: string, tests: (page: () => TestPage) => void): void {
  const executablePath = findChromium();
  if (executablePath === undefined && !REQUIRED) {
    test.skip(`${name}: no Chromium on the PATH (Debian: apt-get install chromium)`, () => undefined);
    return;
  }
  describe(name, () => {
    let open: Awaited<ReturnType<typeof openPage>> | undefined;
    beforeAll(async () => {
      if (executablePath === undefined) throw new Error('no Chromium on the PATH');
      open = await openPage(executablePath);
    });
    afterAll(() => open?.close());
    afterEach(() => expect(open?.page.faults()).toEqual([]));
    tests(() => open!.page);
  });
}

async function openPage(executablePath: string): Promise<{ page: TestPage; close(): Promise<void> }> {
  const script = bundled();
  // WebGPU is for secure contexts alone, such as pages from this machine.
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : '<!doctype html><script src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const args = [...FLAGS, '--enable-unsafe-webgpu'];
  const browser = await chromium.launch({ executablePath, headless: true, args });
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return {
    page: {
      check: () => page.evaluate(() => (globalThis as unknown as Functions).check()),
      checkNet({ artifacts: { weightData, ...rest }, shape }, kernel) {
        const weights = Buffer.from(weightData as ArrayBuffer).toString('base64');
        return page.evaluate(
          ([artifacts, bytes, size, format]) =>
            (globalThis as unknown as Functions).checkNet(artifacts, bytes, size, format),
          [rest, weights, shape, kernel] as const,
        );
      },
      faults: () => faults.splice(0),
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

function bundled(): Buffer {
  const out = mkdtempSync(join(tmpdir(), 'espalier-page-'));
  try {
    const esbuild = join(dirname(require.resolve('esbuild/package.json')), 'bin', 'esbuild');
    const flags = ['--bundle', '--format=iife', '--conditions=@espalier/source', '--log-level=error'];
    execFileSync(esbuild, [join(__dirname, 'page.ts'), ...flags, `--outfile=${join(out, 'page.js')}`]);
    return readFileSync(join(out, 'page.js'));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
