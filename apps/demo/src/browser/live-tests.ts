/** The page while one plays with it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Harness } from './harness.js';
import { initialScripts } from './initial-scripts.js';
import { choose, figure, isPng, number, saveOf, settled, sparsity } from './page.js';

const LIMIT = 250_000;

export function liveTests(demo: () => Harness): void {
  test('what loads at first is under 250 KB of JavaScript by gzip, with no backend in it', () => {
    const codes = initialScripts(demo().dist);
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.reduce((sum, code) => sum + gzipSync(code).length, 0)).toBeLessThan(LIMIT);
    for (const code of codes) expect(code.includes('registerBackend')).toBe(false);
    expect(readFileSync(join(demo().dist, 'index.html'), 'utf8')).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    expect(
      readdirSync(join(demo().dist, 'assets')).filter((name) => name.endsWith('.wasm')).length,
    ).toBeGreaterThanOrEqual(3);
  });

  test('the page is painted before any WebAssembly has arrived', async () => {
    const page = await demo().browser.newPage();
    await page.route('**/*.wasm', () => undefined);
    await page.goto(demo().url);
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    expect(await page.isVisible('h1')).toBe(true);
    expect(await figure(page, 'weights')).toBe('–');
    await page.close();
  });

  test('the slider moves mask, histogram, layers and sizes; accuracy follows', async () => {
    const page = await demo().started('?sparsity=0.5');
    const maskKept = () => page.getAttribute('[data-chart=mask] canvas', 'data-kept').then(Number);
    const [accuracy, weights, size, kept] = [
      await number(page, 'accuracy'),
      await number(page, 'weights'),
      await number(page, 'size'),
      await maskKept(),
    ];
    expect(accuracy).toBeGreaterThan(97);
    expect(weights).toBe(134);
    await sparsity(page, 0.95);
    await page.waitForFunction(() => document.querySelector('[data-figure=weights] .value')!.textContent === '14 k');
    await settled(page);
    expect(await number(page, 'accuracy')).toBeLessThan(accuracy);
    expect(await number(page, 'size')).toBeLessThan(size / 5);
    expect(await maskKept()).toBeLessThan(kept);
    expect(await page.locator('[data-chart=histogram] line[data-threshold]').count()).toBe(2);
    expect(await page.locator('[data-chart=layers] li').count()).toBe(3);
    await page.waitForFunction(() => location.search === '?sparsity=0.95');
    await page.reload();
    await settled(page);
    expect(await figure(page, 'weights')).toBe('14 k');
    // Brotli comes after the other three.
    await page.waitForFunction(() => /kB/.test(document.querySelector('[data-size=brotli]')!.textContent!));
    const sizeOf = async (kind: string) =>
      Number.parseFloat((await page.textContent(`[data-size=${kind}] .layer-numbers`))!);
    expect(await sizeOf('raw')).toBeCloseTo(1.07);
    expect(await sizeOf('brotli')).toBeLessThan(await sizeOf('gzip'));
    expect(await sizeOf('compact')).toBeLessThan(await sizeOf('brotli'));
    for (const name of ['histogram-fc1-kernel', 'mask-fc1-kernel', 'layers']) {
      expect((await saveOf(page, name, 'SVG')).bytes.toString()).toMatch(/^<svg[^]*fc1\/kernel/);
      expect(isPng((await saveOf(page, name, 'PNG')).bytes)).toBe(true);
      expect((await saveOf(page, name, 'CSV')).bytes.toString()).toMatch(/^[\w,]+\r\n/);
    }
    await page.close();
  });

  test('everything that was chosen is in the address, and comes back from it', async () => {
    const page = await demo().started();
    await page.selectOption('.results .card-head select', 'fc2/kernel');
    await page.selectOption('#try .sides > div:nth-child(1) select', 'live');
    await page.selectOption('#try .sides > div:nth-child(2) select', 'dense');
    await page.click('#try .gallery li:nth-child(7) button');
    await page.uncheck('.backends li:nth-child(1) input');
    await page.selectOption('#take select >> nth=1', 'int8');
    const query = '?kernel=fc2/kernel&a=live&b=dense&sample=6&backends=wasm&values=int8';
    await page.waitForFunction((wanted) => location.search === wanted, query);
    await page.reload();
    await settled(page);
    expect(await page.inputValue('.results .card-head select')).toBe('fc2/kernel');
    expect(await page.getAttribute('[data-chart=mask] canvas', 'aria-label')).toContain('fc2/kernel');
    expect(await page.inputValue('#try .sides > div:nth-child(1) select')).toBe('live');
    expect(await page.inputValue('#try .sides > div:nth-child(2) select')).toBe('dense');
    expect(await page.getAttribute('#try .gallery li:nth-child(7) button', 'aria-pressed')).toBe('true');
    expect(await page.isChecked('.backends li:nth-child(1) input')).toBe(false);
    expect(await page.inputValue('#take select >> nth=1')).toBe('int8');
    expect(await page.evaluate(() => location.search)).toBe(query);
    // Another model has other kernels and no measurements.
    await choose(page, 'model', 'lenet-5');
    await page.waitForFunction(() => location.search === '?model=lenet-5&sample=6&backends=wasm&values=int8');
    await page.close();
  });

  test('a worker that opens model after model keeps nothing of those before', async () => {
    const page = await demo().open();
    const script = readdirSync(join(demo().dist, 'assets')).find((name) => /^main-.*\.js$/.test(name))!;
    const seen = await page.evaluate(memoryAfterLoads, { script: `./assets/${script}`, loads: 5 });
    expect(seen[0].tensors).toBeGreaterThan(0);
    for (const memory of seen) expect(memory).toEqual(seen[0]);
    await page.close();
  });

  test('each saliency scores, on data where it needs any', async () => {
    const page = await demo().started();
    const seen = new Set<string>();
    for (const scorer of ['magnitude', 'gradient', 'hessian', 'wanda', 'random']) {
      await choose(page, 'scorer', scorer);
      await page.waitForSelector(`input[value=${scorer}]:checked`);
      await settled(page);
      seen.add(
        (await page.getAttribute('[data-chart=mask] canvas', 'data-kept').then(String)) +
          (await figure(page, 'accuracy')),
      );
    }
    expect(seen.size).toBe(5);
    expect(await page.locator('.problem').count()).toBe(0);
    await page.close();
  });
}

/** Runs in the page: speaks to a worker of its own as the page would, with a cut and an accuracy between two loads. */
async function memoryAfterLoads({ script, loads }: { script: string; loads: number }) {
  const worker = new Worker(script, { type: 'module', name: 'live' });
  let id = 0;
  const call = <T>(method: string, argument?: unknown) =>
    new Promise<T>((resolve, reject) => {
      const mine = id++;
      worker.addEventListener('message', ({ data }) => {
        if (data.id !== mine) return;
        if ('failure' in data) reject(new Error(data.failure.message));
        else resolve(data.result);
      });
      worker.postMessage({ id: mine, method, argument });
    });
  const choice = {
    strategy: 'structured',
    keep: 2,
    group: 4,
    fineTune: 0,
    scorer: 'gradient',
    scope: 'global',
    sparsity: 0.5,
    kernel: null,
  };
  const seen: { tensors: number; bytes: number }[] = [];
  for (let i = 0; i < loads; i++) {
    await call('open', { kind: 'zoo', name: 'lenet-300-100' });
    await call('preview', choice);
    const { artifacts } = await call<{ artifacts: unknown }>('details');
    await call('keep', { id: 'measured', artifacts });
    seen.push(await call('memory'));
  }
  worker.terminate();
  return seen;
}
