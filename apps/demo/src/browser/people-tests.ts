/** Languages, keyboard and everything that axe-core looks for. */
import { readFileSync } from 'node:fs';
import type { Harness } from './harness.js';
import { axeViolations, drop, measure, tabTo } from './page.js';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export function peopleTests(demo: () => Harness): void {
  test('Chinese by preference and by choice', async () => {
    const page = await demo().open('', { locale: 'zh-CN' });
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
    const page = await demo().started('?epochs=0');
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
    const page = await demo().started('?epochs=0');
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
}
