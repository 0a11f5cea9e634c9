/** The report's file as people open it: in Chromium, from disk. */
import type { Row } from '@espalier/pipeline';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium, REQUIRED } from '../../../../tools/testing/chromium.js';
import { HOSTILE, panel, report, row } from '../../testing/report.js';
import { figuresOf, renderChanges, renderReport, toCsv } from './index.js';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const executablePath = findChromium();
const here = executablePath !== undefined || REQUIRED;
if (!here) test.skip('the report in Chromium: none on the PATH (Debian: apt-get install chromium)', () => undefined);

const compact = [
  { values: 'float32', bytes: 500, accuracy: 98 },
  { values: 'int8', bytes: 200, accuracy: 97 },
];
const full = () => {
  const { dense, rows } = report();
  const failure = { id: HOSTILE, strategy: '2:4', scorer: 'magnitude', code: 'nm-axis', message: HOSTILE };
  const hostile: Row = row(HOSTILE, 0.9, 97, { notes: [{ text: HOSTILE }], panel: { ...panel, param: HOSTILE } });
  return report({
    model: { ...report().model, name: HOSTILE },
    dense: { ...dense, compact },
    rows: [...rows.map((each): Row => ({ ...each, compact })), hostile],
    failures: [failure],
    command: HOSTILE,
  });
};

const LOOKS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [1280, 390].flatMap((width) => (['en', 'zh'] as const).map((language) => [colorScheme, width, language] as const)),
);

(here ? describe : describe.skip)('in Chromium', () => {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-report-'));
  const files: Readonly<Record<string, string>> = {
    report: renderReport(full()),
    changes: renderChanges(report(), full()),
  };
  let browser: Browser;

  beforeAll(async () => {
    if (executablePath === undefined) throw new Error('no Chromium on the PATH');
    for (const [name, html] of Object.entries(files)) writeFileSync(join(dir, `${name}.html`), html);
    browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Opens a file and gives what the page asked for and complained about. */
  async function open(name: string, look: { colorScheme?: 'light' | 'dark'; width?: number } = {}) {
    const { colorScheme = 'light', width = 1280 } = look;
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
    const page = await context.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('dialog', (dialog) => (complaints.push(dialog.message()), dialog.dismiss()));
    await page.goto(pathToFileURL(join(dir, `${name}.html`)).href);
    return { page, asked, complaints, close: () => context.close() };
  }

  test.each(Object.keys(files))('%s: asks for nothing, runs nothing, hides one language', async (name) => {
    const { page, asked, complaints, close } = await open(name);
    expect(asked.filter((url) => !url.startsWith('data:'))).toHaveLength(1);
    expect(complaints).toEqual([]);
    expect(await page.locator('script').count()).toBe(0);
    const shown = (lang: string) => page.locator(`article[lang="${lang}"]`).isVisible();
    expect([await shown('en'), await shown('zh-CN')]).toEqual([true, false]);
    await page.getByLabel('中文').check();
    expect([await shown('en'), await shown('zh-CN')]).toEqual([false, true]);
    await close();
  });

  test.each([
    ...LOOKS.map((look) => ['report', ...look] as const),
    ['changes', 'light', 1280, 'en'],
    ['changes', 'dark', 390, 'zh'],
  ] as const)(
    '%s, %s, %d wide, %s: axe-core finds nothing, and nothing sticks out',
    async (name, colorScheme, width, language) => {
      const { page, close } = await open(name, { colorScheme, width });
      if (language === 'zh') await page.getByLabel('中文').check();
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await close();
    },
  );

  test('and axe-core does find what is there to be found', async () => {
    const { page, close } = await open('report');
    await page.addStyleTag({ content: '.espalier-report .read { color: #dddddd }' });
    expect((await violations(page)).join()).toContain('color-contrast');
    await close();
  });

  test('figures and tables are saved from the file itself', async () => {
    const context = await browser.newContext({ acceptDownloads: true });
    const page = await context.newPage();
    await page.goto(pathToFileURL(join(dir, 'report.html')).href);
    const save = async (name: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.locator(`a[download="${name}"]:visible`).first().click(),
      ]);
      expect(download.suggestedFilename()).toBe(name);
      return readFileSync(await download.path(), 'utf8');
    };
    expect(await save('accuracy-size.svg')).toBe(figuresOf(full())[0].svg);
    expect(await save('trials.csv')).toBe(toCsv(full()));
    await context.close();
  });

  test('a table that is wider than a phone can be scrolled with the keyboard', async () => {
    const { page, close } = await open('report', { width: 390 });
    const table = page.getByRole('region', { name: 'Every trial' });
    await table.focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => [...document.querySelectorAll('.scroll')].some((node) => node.scrollLeft > 0));
    await close();
  });
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<Results> } };
    const { violations: found } = await axe.run();
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
}

interface Results {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}
