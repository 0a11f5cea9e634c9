import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { chromium } from 'playwright-core';
import { findChromium, REQUIRED, WEBGPU_FLAGS } from '../../../../tools/testing/chromium.js';
import { type Harness, startHarness } from './harness.js';
import { initialScripts } from './initial-scripts.js';
import { asFiles, damaged, denseNet } from './models.js';
import {
  axeViolations,
  choose,
  drop,
  figure,
  measure,
  number,
  saveOf,
  settled,
  sparsity,
  tabTo,
  take,
} from './page.js';

const executablePath = findChromium();
const here = executablePath !== undefined || REQUIRED;
if (!here) test.skip('the demo in Chromium: none on the PATH (Debian: apt-get install chromium)', () => undefined);

// Two of the waits below may each take a minute on a busy machine.
jest.setTimeout(180_000);
const LIMIT = 250_000;
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

(here ? describe : describe.skip)('the demo in Chromium', () => {
  let demo: Harness | undefined;
  const open: Harness['open'] = (...args) => demo!.open(...args);
  const started: Harness['started'] = (...args) => demo!.started(...args);

  beforeAll(async () => {
    if (executablePath === undefined) throw new Error('no Chromium on the PATH');
    demo = await startHarness(executablePath);
  });
  afterAll(() => demo?.stop());
  afterEach(() => expect(demo!.faults()).toEqual([]));

  test('what loads at first is under 250 KB of JavaScript by gzip, with no backend in it', () => {
    const codes = initialScripts(demo!.dist);
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.reduce((sum, code) => sum + gzipSync(code).length, 0)).toBeLessThan(LIMIT);
    for (const code of codes) expect(code.includes('registerBackend')).toBe(false);
    expect(readFileSync(join(demo!.dist, 'index.html'), 'utf8')).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    expect(
      readdirSync(join(demo!.dist, 'assets')).filter((name) => name.endsWith('.wasm')).length,
    ).toBeGreaterThanOrEqual(3);
  });

  test('the page is painted before any WebAssembly has arrived', async () => {
    const page = await demo!.browser.newPage();
    await page.route('**/*.wasm', () => undefined);
    await page.goto(demo!.url);
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    expect(await page.isVisible('h1')).toBe(true);
    expect(await figure(page, 'weights')).toBe('–');
    await page.close();
  });

  test('the slider moves mask, histogram, layers and sizes; accuracy follows', async () => {
    const page = await started('?sparsity=0.5');
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
    const page = await started();
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
    const page = await open();
    const script = readdirSync(join(demo!.dist, 'assets')).find((name) => /^main-.*\.js$/.test(name))!;
    const seen = await page.evaluate(memoryAfterLoads, { script: `./assets/${script}`, loads: 5 });
    expect(seen[0].tensors).toBeGreaterThan(0);
    for (const memory of seen) expect(memory).toEqual(seen[0]);
    await page.close();
  });

  test('every granularity is measured on wasm, and shown in tables and figures; the report can be taken', async () => {
    const page = await started('?epochs=1&pattern=1:4');
    await page.uncheck('.backends li:nth-child(1) input');
    await page.fill('#measure input[type=range]', '0');
    await page.click('#measure .actions button:nth-child(2)');
    await page.waitForSelector('[data-rows="4"]', { timeout: 60_000 });
    const text = await page.textContent('.espalier-report');
    for (const strategy of ['unstructured', '1:4', '4x1 blocks', 'structured']) expect(text).toContain(strategy);
    expect(text).toContain('wasm');
    expect(await page.locator('.espalier-report .figures svg').count()).toBeGreaterThanOrEqual(2);
    expect(await page.locator('.espalier-report table').count()).toBe(3);
    await page.fill('#measure input[type=range]', '1');
    await choose(page, 'cut', 'structured');
    await measure(page, 5);
    expect(await page.textContent('.espalier-report')).toContain('fine-tuned');
    // What was measured can be tried.
    const tuned = await page.locator('#try select').last().locator('option').last().getAttribute('value');
    await page.locator('#try select').last().selectOption(tuned!);
    await page.waitForSelector('#try .sides > div:last-child [data-answer]');
    const report = await take(page, 'Report');
    expect(report.name).toBe('lenet-300-100-report.html');
    expect(report.bytes.toString()).toContain('4x1 blocks');
    expect(JSON.parse((await take(page, 'JSON')).bytes.toString()).rows).toHaveLength(5);
    expect((await take(page, 'Trials')).bytes.toString().trimEnd().split('\r\n')).toHaveLength(7);
    const names = unzip((await take(page, 'All figures')).bytes).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['accuracy-size.svg', 'accuracy-latency-wasm.png']));
    // Each figure and table by itself.
    const saved = await page
      .locator('.espalier-report [data-save]')
      .evaluateAll((nodes) => nodes.map((node) => (node as HTMLElement).dataset.save!));
    expect(saved).toEqual([
      'lenet-300-100-accuracy-size',
      'lenet-300-100-accuracy-compact',
      'lenet-300-100-accuracy-latency-wasm',
      'lenet-300-100-granularities',
      'lenet-300-100-trials',
      'lenet-300-100-trials',
    ]);
    for (const name of saved.slice(0, 3)) {
      expect((await saveOf(page, name, 'SVG')).bytes.toString()).toMatch(/^<svg[^]*<circle/);
    }
    expect(isPng((await saveOf(page, saved[2], 'PNG')).bytes)).toBe(true);
    expect((await saveOf(page, saved[3], 'CSV')).bytes.toString()).toMatch(/^strategy,.*\r\n/);
    await page.close();
  });

  test('each saliency scores, on data where it needs any', async () => {
    const page = await started();
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

  test('a model of the user that takes no digits: sizes and speed, and what cannot be asked of it says why', async () => {
    const page = await started('?scorer=gradient');
    await drop(page, asFiles(denseNet('iris', 4, 8, 3)));
    await page.waitForSelector('.facts:has-text("[4]")');
    await settled(page);
    expect(await figure(page, 'accuracy')).toBe('–');
    expect(await page.isDisabled('input[value=gradient]')).toBe(true);
    expect(await page.isChecked('input[value=magnitude]')).toBe(true);
    await measure(page, 1);
    expect(await page.textContent('#try')).toContain('do not fit');
    await page.close();
  });

  test('broken files are refused in words, and the page lives on', async () => {
    const page = await started();
    const [json, weights] = asFiles(denseNet('digits', 784, 6, 10));
    const refused = async (files: Parameters<typeof drop>[1], words: string) => {
      await drop(page, files);
      await page.waitForSelector(`.problem:has-text("${words}")`);
      await page.click('.problem button');
    };
    await refused([damaged(denseNet('digits', 784, 6, 10))], 'broken.espalier');
    await refused([json, { ...weights, bytes: weights.bytes.subarray(0, 99) }], 'weights.bin');
    await refused([json], 'no such file');
    await refused([{ name: 'cat.png', bytes: new Uint8Array(9) }], 'cat.png');
    expect(await page.textContent('.facts')).toContain('lenet-300-100');
    await sparsity(page, 0.2);
    await page.waitForFunction(() => document.querySelector('[data-figure=weights] .value')!.textContent === '213 k');
    await drop(page, [json, weights]);
    await page.waitForSelector('.facts:has-text("4,780")');
    await settled(page);
    expect(await number(page, 'accuracy')).toBeGreaterThan(0);
    await page.close();
  });

  test('a measurement can be cancelled, and another one started', async () => {
    const page = await started('?epochs=10');
    await page.click('#measure .actions button:nth-child(2)');
    await page.waitForSelector('.progress p:has-text("fine-tuning")');
    await page.click('#measure .actions button.quiet');
    await page.waitForSelector('[role=status]:has-text("Cancelled")');
    expect(await page.locator('.progress').count()).toBe(0);
    await page.fill('#measure input[type=range]', '0');
    await measure(page, 1);
    await page.close();
  });

  test('what is downloaded loads again with the same answers, and stays pruned', async () => {
    const page = await started('?sparsity=0.8');
    const before = await figure(page, 'accuracy');
    const compact = [{ name: 'mine.espalier', bytes: (await take(page, '.espalier')).bytes }];
    const zipped = unzip((await take(page, 'zip')).bytes).map(({ name, bytes }) => ({
      name: `unzipped/${name}`,
      bytes,
    }));
    for (const [name, files] of [
      ['mine', compact],
      ['unzipped', zipped],
    ] as const) {
      if (name === 'mine')
        await page.setInputFiles(
          'input[type=file]',
          files.map((file) => ({ name: file.name, mimeType: '', buffer: Buffer.from(file.bytes) })),
        );
      else await drop(page, files);
      // Whichever comes first, so that a refusal is read here and not as time that ran out.
      const facts = name === 'mine' ? '.facts:has-text("mine")' : '.facts:has-text("model")';
      await page.waitForSelector(`${facts}, .problem`, { timeout: 90_000 });
      expect(await page.locator('.problem').allTextContents()).toEqual([]);
      for (const share of [0, 0.8]) {
        await sparsity(page, share);
        await page.waitForFunction(
          (text) => document.querySelector('[data-figure=weights] .value')!.textContent === text,
          share === 0 ? '267 k' : '54 k',
        );
        await settled(page);
        expect(await figure(page, 'accuracy')).toBe(before);
      }
    }
    await page.close();
  });

  test('Chinese by preference and by choice', async () => {
    const page = await open('', { locale: 'zh-CN' });
    expect(await page.getAttribute('html', 'lang')).toBe('zh-CN');
    expect(await page.textContent('h1')).toMatch(/剪/);
    await page.selectOption('.settings label:last-child select', 'en');
    await page.waitForSelector('html[lang=en]');
    await page.selectOption('.settings label:last-child select', 'zh');
    await page.waitForFunction(() => document.title.includes('剪枝'));
    await page.reload();
    expect(await page.textContent('h1')).toMatch(/剪/);
    await page.close();
  });

  test('by keyboard alone', async () => {
    const page = await started('?epochs=0');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement!.className)).toBe('skip');
    const focus = (selector: string) => tabTo(page, selector);
    await focus('input[name=cut]');
    await page.keyboard.press('ArrowDown');
    expect(await page.isChecked('input[value=nm]')).toBe(true);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Shift+Tab');
    await focus('.pinned input[type=range]');
    const before = await page.inputValue('.pinned input[type=range]');
    await page.keyboard.press('ArrowLeft');
    expect(Number(await page.inputValue('.pinned input[type=range]'))).toBeCloseTo(Number(before) - 0.01);
    await focus('#try .draw button');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.down(' ');
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp']) await page.keyboard.press(key);
    await page.keyboard.up(' ');
    await page.waitForSelector('#try [data-answer]');
    await focus('#measure .actions .primary');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.progress');
    await focus('#measure .actions .quiet');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=status]:has-text("Cancelled")');
    await page.close();
  });

  test('axe finds nothing, with results and an error on the page: light and dark, English and Chinese, wide and narrow', async () => {
    const page = await started('?epochs=0');
    await measure(page, 1);
    await drop(page, [{ name: 'cat.png', bytes: new Uint8Array(9) }]);
    await page.waitForSelector('.problem');
    await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
    await page.evaluate(AXE);
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [language, width] of [
        ['en', 1280],
        ['zh', 390],
        ['en', 390],
      ] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await page.selectOption('.settings label:last-child select', language);
        expect(await page.evaluate(axeViolations)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
    }
    await page.close();
  });

  test('WebGPU, in software', async () => {
    const gpu = await chromium.launch({ executablePath: executablePath!, headless: true, args: WEBGPU_FLAGS });
    try {
      const page = await started('?epochs=0&cut=structured&sparsity=0.5', {}, gpu);
      // The adapter in software is slow, and maps only small buffers.
      await drop(page, asFiles(denseNet('tiny', 784, 16, 10)));
      await page.waitForSelector('.facts:has-text("12,730")');
      await settled(page);
      await page.click('.backends button');
      await page.waitForSelector('.backends small');
      await page.waitForSelector('.backends li:nth-child(4) small:has-text("runs")');
      for (const other of [1, 2, 3]) await page.uncheck(`.backends li:nth-child(${other}) input:enabled`);
      await measure(page, 1);
      expect(await page.textContent('.espalier-report')).toContain('webgpu');
      await page.close();
    } finally {
      await gpu.close();
    }
  });
});

const isPng = (bytes: Buffer) => bytes.subarray(1, 4).toString() === 'PNG';
const unzip = (zip: Uint8Array) => Object.entries(unzipSync(zip)).map(([name, bytes]) => ({ name, bytes }));

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
    cut: 'structured',
    pattern: '2:4',
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
