// The comparison app in headless Chromium: how long the page takes to answer the sparsity slider on LeNet-300-100, and on LeNet-5 in blocks and
// channels, with mask, histogram, layers and size estimates, painted, and the longest task of its main thread while four granularities are pruned, fine-tuned and measured.
/* global document, requestAnimationFrame */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { preview } from 'vite';
import { machine, publish, spread } from './harness.mjs';

const STEPS = 40;
const SLIDERS = {
  'slider to paint': '',
  'slider to paint, lenet-5 in 4×1 blocks': '?model=lenet-5&cut=block',
  'slider to paint, lenet-5 in channels': '?model=lenet-5&cut=structured',
};
const SLIDER = '.pinned input[type=range]';
const app = fileURLToPath(new URL('../../../apps/demo', import.meta.url));
const require = createRequire(import.meta.url);

const outDir = mkdtempSync(join(tmpdir(), 'espalier-bench-demo-'));
const vite = join(dirname(require.resolve('vite/package.json')), 'bin', 'vite.js');
execFileSync(process.execPath, [vite, 'build', '--outDir', outDir, '--emptyOutDir', '--logLevel', 'error'], {
  cwd: app,
});
const server = await preview({
  root: app,
  build: { outDir },
  logLevel: 'error',
  preview: { port: 0, host: '127.0.0.1' },
});
const executablePath = ['chromium', 'chromium-browser', 'google-chrome'].map(which).find((path) => path !== undefined);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  await page.addInitScript(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.tasks.push(duration);
    }).observe({ entryTypes: ['longtask'] });
  });
  const answers = {};
  for (const [name, query] of Object.entries(SLIDERS)) {
    await page.goto(`${server.resolvedUrls.local[0]}${query}`);
    await page.waitForSelector('.pinned .readout[aria-busy=false]');
    // Until brotli has been written, the last of what follows a cut.
    await page.waitForFunction(() => /B /.test(document.querySelector('[data-size=brotli]').textContent));
    answers[name] = spread(await page.evaluate(answerTimes, { steps: STEPS, selector: SLIDER }));
  }
  await page.goto(server.resolvedUrls.local[0]);
  await page.waitForSelector('.pinned .readout[aria-busy=false]');
  await page.evaluate(() => (globalThis.tasks.length = 0));
  await page.click('#measure .actions button:nth-child(2)');
  await page.waitForSelector('[data-rows="4"]', { timeout: 120_000 });
  await page.waitForTimeout(500);
  const tasks = await page.evaluate(() => globalThis.tasks);
  publish({
    name: 'demo',
    what: 'the comparison app, LeNet-300-100: an answer to the slider; the longest main-thread task while four cuts are measured (0 = none over 50 ms)',
    unit: 'ms',
    cases: { ...answers, 'longest task while measuring': spread([Math.max(0, ...tasks)]) },
    machine: machine(['vite', 'preact', '@tensorflow/tfjs-core']),
    browser: browser.version(),
  });
} finally {
  await browser.close();
  await server.close();
  rmSync(outDir, { recursive: true, force: true });
}

/** Moves the slider and waits each time until the page shows what the new sparsity leaves, and a frame of it is painted. */
async function answerTimes({ steps, selector }) {
  const slider = document.querySelector(selector);
  const shown = () =>
    document.querySelector('[data-figure=weights] .value').textContent + document.querySelector('.layers').textContent;
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const times = [];
  for (let i = 0; i < steps; i++) {
    const before = shown();
    const start = performance.now();
    slider.value = String(0.5 + 0.01 * i);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    while (shown() === before) await new Promise((resolve) => setTimeout(resolve));
    await frame();
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return times;
}

function which(name) {
  try {
    return execFileSync('which', [name], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
