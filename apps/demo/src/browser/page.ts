/** What the tests do on the page, as a person would. */
import { readFileSync } from 'node:fs';
import type { NamedBytes } from '@espalier/format/web';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';

/** Accuracy or not, the exact sizes are there. */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector('.pinned .readout[aria-busy=false]');
}

export const figure = async (page: Page, name: string): Promise<string> =>
  (await page.textContent(`.pinned [data-figure=${name}] .value`)) ?? '';

export const number = async (page: Page, name: string) =>
  Number.parseFloat((await figure(page, name)).replace(/[^\d.]/g, ''));

/** Lets files fall on the page. */
export async function drop(page: Page, files: readonly NamedBytes[]): Promise<void> {
  const plain = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }));
  await page.evaluate((all) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of all) {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
    }
    const options = { bubbles: true, cancelable: true, dataTransfer: transfer };
    document.body.dispatchEvent(new DragEvent('dragover', options));
    document.body.dispatchEvent(new DragEvent('drop', options));
  }, plain);
}

export const choose = (page: Page, name: string, value: string) =>
  page.check(`input[name=${name}][value="${value}"]`, { force: true });

export async function sparsity(page: Page, value: number): Promise<void> {
  await page.fill('.pinned input[type=range]', String(value));
}

/** Measures what is chosen and waits for its row. */
export async function measure(page: Page, rows: number): Promise<void> {
  await page.click('#measure .actions .primary');
  await page.waitForSelector(`[data-rows="${rows}"]`, { timeout: 60_000 });
}

/** Runs in the page, after axe-core. */
export async function axeViolations(): Promise<string[]> {
  type Violation = { id: string; nodes: { html: string; failureSummary: string }[] };
  const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
  const { violations } = await axe.run();
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`);
}

/** Moves the focus on until it is where it should be. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 120; i++) {
    if (await page.evaluate((wanted) => document.activeElement!.matches(wanted), selector)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not reach ${selector}`);
}

/** Presses a button and waits for what it downloads. */
async function download(page: Page, selector: string): Promise<{ name: string; bytes: Buffer }> {
  const [found] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
  return { name: found.suggestedFilename(), bytes: readFileSync(await found.path()) };
}

/** By a button of the last section. */
export const take = (page: Page, label: string) => download(page, `#take button:has-text("${label}")`);

/** By a button under a figure or a table. */
export const saveOf = (page: Page, name: string, form: 'SVG' | 'PNG' | 'CSV') =>
  download(page, `[data-save="${name}"] button:has-text("${form}") >> nth=0`);

export const isPng = (bytes: Buffer) => bytes.subarray(1, 4).toString() === 'PNG';
export const unzip = (zip: Uint8Array) => Object.entries(unzipSync(zip)).map(([name, bytes]) => ({ name, bytes }));
