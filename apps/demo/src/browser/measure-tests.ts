/** What the page measures, shows and gives away. */
import type { Report } from '@espalier/pipeline';
import { chromium } from 'playwright-core';
import { findChromium, WEBGPU_FLAGS } from '../../../../tools/testing/chromium.js';
import type { Harness } from './harness.js';
import { asFiles, denseNet } from './models.js';
import { choose, drop, isPng, measure, saveOf, settled, take, unzip } from './page.js';

export function measureTests(demo: () => Harness): void {
  test('every granularity is measured on wasm, and shown in tables and figures; the report can be taken', async () => {
    const page = await demo().started('?fineTune=1&pattern=1:4&backends=wasm');
    const small = asFiles(denseNet('small', 784, 32, 10)).map((file) => ({ ...file, name: `small/${file.name}` }));
    await drop(page, small);
    await page.waitForSelector('.facts:has-text("25,450")');
    await settled(page);
    await page.fill('#measure input[type=range]', '0');
    await page.click('#measure .actions button:nth-child(2)');
    await page.waitForSelector('[data-rows="4"]', { timeout: 60_000 });
    const text = await page.textContent('.espalier-report');
    for (const strategy of ['unstructured', '1:4', '4×1 blocks', 'structured']) expect(text).toContain(strategy);
    expect(text).toContain('wasm');
    expect(await page.locator('.espalier-report .figures svg').count()).toBeGreaterThanOrEqual(2);
    expect(await page.locator('.espalier-report table').count()).toBe(3);
    await page.fill('#measure input[type=range]', '1');
    await choose(page, 'strategy', 'structured');
    await measure(page, 5);
    expect(await page.textContent('.espalier-report')).toContain('fine-tuned');
    // What was measured can be tried.
    const tuned = await page.locator('#try select').last().locator('option').last().getAttribute('value');
    await page.locator('#try select').last().selectOption(tuned!);
    await page.waitForSelector('#try .sides > div:last-child [data-answer]');
    const report = await take(page, 'Report');
    expect(report.name).toBe('small-report.html');
    expect(report.bytes.toString()).toContain('4×1 blocks');
    expect(JSON.parse((await take(page, 'JSON')).bytes.toString()).rows).toHaveLength(5);
    expect((await take(page, 'Trials')).bytes.toString().trimEnd().split('\r\n')).toHaveLength(7);
    const names = unzip((await take(page, 'All figures')).bytes).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['accuracy-size.svg', 'accuracy-latency-wasm.png']));
    // Each figure and table by itself.
    const saved = await page
      .locator('.espalier-report [data-save]')
      .evaluateAll((nodes) => nodes.map((node) => (node as HTMLElement).dataset.save!));
    expect(saved).toEqual([
      'small-accuracy-size',
      'small-accuracy-compact',
      'small-accuracy-latency-wasm',
      'small-granularities',
      'small-trials',
      'small-trials',
    ]);
    for (const name of saved.slice(0, 3)) {
      expect((await saveOf(page, name, 'SVG')).bytes.toString()).toMatch(/^<svg[^]*<circle/);
    }
    expect(isPng((await saveOf(page, saved[2], 'PNG')).bytes)).toBe(true);
    expect((await saveOf(page, saved[3], 'CSV')).bytes.toString()).toMatch(/^strategy,.*\r\n/);
    await page.close();
  });

  test('a measurement can be cancelled, and another one started', async () => {
    const page = await demo().started('?fineTune=10&backends=wasm');
    await page.click('#measure .actions button:nth-child(2)');
    await page.waitForSelector('.progress p:has-text("fine-tuning")');
    await page.click('#measure .actions button.quiet');
    await page.waitForSelector('[role=status]:has-text("Cancelled")');
    expect(await page.locator('.progress').count()).toBe(0);
    await page.fill('#measure input[type=range]', '0');
    await measure(page, 1);
    await page.close();
  });

  test('every granularity is measured on WebGPU, in software', async () => {
    const gpu = await chromium.launch({ executablePath: findChromium()!, headless: true, args: WEBGPU_FLAGS });
    try {
      const page = await demo().started('?fineTune=0&pattern=1:4&sparsity=0.75', {}, gpu);
      // The adapter in software is slow, and maps only small buffers.
      await drop(page, asFiles(denseNet('tiny', 784, 16, 10)));
      await page.waitForSelector('.facts:has-text("12,730")');
      await settled(page);
      await page.click('.backends button');
      await page.waitForSelector('.backends small');
      await page.waitForSelector('.backends li:nth-child(4) small:has-text("runs")');
      for (const other of [1, 2, 3]) await page.uncheck(`.backends li:nth-child(${other}) input:enabled`);
      await page.click('#measure .actions button:nth-child(2)');
      await page.waitForSelector('[data-rows="4"]', { timeout: 120_000 });
      const { rows } = JSON.parse((await take(page, 'JSON')).bytes.toString()) as Report;
      expect(rows.map(({ strategy }) => strategy).sort()).toEqual(['1:4', '4x1 blocks', 'structured', 'unstructured']);
      for (const { latency, accuracy } of rows) {
        expect(latency.map(({ ran }) => ran)).toEqual(['webgpu']);
        expect(accuracy!.pruned).toBeGreaterThan(0);
      }
      await page.close();
    } finally {
      await gpu.close();
    }
  });
}
