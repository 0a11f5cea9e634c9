/** Languages, keyboard and everything that axe-core looks for. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { Harness } from './harness.js';
import { axeViolations, drop, figure, measure, settled, tabTo } from './page.js';

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

  test('a lesson moves the control beside it, and says what comes of it', async () => {
    const page = await demo().started('?sparsity=0.5');
    const lesson = '[data-lesson=scope]';
    await page.click(`${lesson} summary`);
    await page.click(`${lesson} .tries button:has-text("Local")`);
    await page.waitForSelector('input[value=local]:checked');
    await settled(page);
    expect(await page.getAttribute(`${lesson} .tries button:has-text("Local")`, 'aria-pressed')).toBe('true');
    const kept = await page.locator('[data-chart=layers] .layer-numbers').allTextContents();
    for (const text of kept) expect(text).toMatch(/^10% /);
    expect(await page.textContent(`${lesson} .now`)).toContain(await figure(page, 'accuracy'));
    await page.close();
  });

  test('by keyboard alone', async () => {
    const page = await demo().started('?fineTune=0&backends=wasm');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement!.className)).toBe('skip');
    const focus = (selector: string) => tabTo(page, selector);
    await focus('input[name=strategy]');
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

  describe('with results, an error and all lessons on the page', () => {
    let page: Page;

    beforeAll(async () => {
      page = await demo().started('?fineTune=0&strategy=nm&backends=wasm');
      await measure(page, 1);
      await drop(page, [{ name: 'cat.png', bytes: new Uint8Array(9) }]);
      await page.waitForSelector('.problem');
      await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
    });
    afterAll(() => page.close());

    test('the Tab key reaches every control', async () => {
      const all = await page.evaluate(controls);
      expect(all.length).toBeGreaterThan(80);
      const reached = new Set<string>();
      // From the button that was pressed to the end, and from the top again.
      for (let i = 0; i < 2 * all.length && reached.size < all.length; i++) {
        await page.keyboard.press('Tab');
        const id = await page.evaluate(() => (document.activeElement as HTMLElement).dataset.control);
        if (id !== undefined) reached.add(id);
      }
      expect(all.filter((id) => !reached.has(id.split(' ')[0]))).toEqual([]);
    });

    // Each pair of choices once: colours and language, language and width, width and colours.
    test.each([
      ['light', 'en', 1280],
      ['light', 'zh', 390],
      ['dark', 'en', 390],
      ['dark', 'zh', 1280],
    ] as const)('axe finds nothing, and nothing sticks out: %s, %s, %i wide', async (colorScheme, language, width) => {
      await page.evaluate(AXE);
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await page.selectOption('.settings label:last-child select', language);
      expect(await page.evaluate(axeViolations)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    });
  });
}

/** Runs in the page: everything that can be used, numbered; of radio buttons the one that is chosen. */
function controls(): string[] {
  const selector = 'a[href], button, select, input, summary, canvas[tabindex], [tabindex="0"]';
  const usable = [...document.querySelectorAll<HTMLElement>(selector)].filter((node) => {
    const { type, checked } = node as HTMLInputElement;
    return node.checkVisibility() && !node.matches(':disabled') && (type !== 'radio' || checked);
  });
  return usable.map((node, i) => {
    node.dataset.control = String(i);
    return `${i} ${node.outerHTML.slice(0, 120)}`;
  });
}
