/** Models and data that people bring, and take with them. */
import type { Harness } from './harness.js';
import { asFiles, damaged, denseNet } from './models.js';
import { choose, drop, figure, measure, number, settled, sparsity, take, unzip } from './page.js';
import { npz } from '../../../../tools/testing/numpy.js';
import { separable } from './samples.js';

export function filesTests(demo: () => Harness): void {
  test('a model of the user that takes no digits: sizes and speed, and what cannot be asked of it says why; data of its own is read strictly', async () => {
    const page = await demo().started('?scorer=gradient&backends=wasm');
    await drop(page, asFiles(denseNet('iris', 4, 8, 3)));
    await page.waitForSelector('.facts:has-text("model takes [4]")');
    await settled(page);
    expect(await figure(page, 'accuracy')).toBe('–');
    expect(await page.isDisabled('input[value=gradient]')).toBe(true);
    expect(await page.isChecked('input[value=magnitude]')).toBe(true);
    await measure(page, 1);
    expect(await page.textContent('#try')).toContain('does not fit');
    // Data of its own makes good for all of that.
    await drop(page, [{ name: 'iris.npz', bytes: npz(separable(60, 4, 3)) }]);
    await page.waitForSelector('[data-data="iris.npz"]:has-text("12 samples measure accuracy")');
    await settled(page);
    expect(await number(page, 'accuracy')).toBeGreaterThanOrEqual(0);
    expect(await page.locator('#try .gallery li').count()).toBe(12);
    expect(await page.locator('#try .sides .bars').first().locator('li').count()).toBe(3);
    await choose(page, 'scorer', 'gradient');
    await page.fill('#measure input[type=range]', '10');
    await measure(page, 1);
    expect(await page.textContent('.espalier-report')).toContain('fine-tuned');
    expect(await page.textContent('#take .command')).toContain('--data iris.npz');
    // Labels out of the model's range, and files that are no data, leave it as it is.
    const refused = async (bytes: Uint8Array, words: string) => {
      await drop(page, [{ name: 'bad.npz', bytes }]);
      await page.waitForSelector(`.problem:has-text("${words}")`);
      await page.click('.problem button');
      expect(await page.getAttribute('[data-data]', 'data-data')).toBe('iris.npz');
    };
    await refused(new Uint8Array(99), 'wanted a whole .npz file');
    await refused(npz({ x: separable(9, 4, 3).x }), 'wanted arrays x and y');
    await drop(page, [{ name: 'five.npz', bytes: npz(separable(20, 4, 4)) }]);
    await page.waitForSelector('.facts:has-text("model knows the classes 0 to 2 and these labels reach 3")');
    await page.click('.dropzone button:has-text("Use the digits")');
    await page.waitForSelector('[data-data="mnist"]');
    await choose(page, 'model', 'lenet-300-100');
    await page.waitForSelector('.facts:has-text("266,610")');
    await settled(page);
    expect(await number(page, 'accuracy')).toBeGreaterThan(0);
    await page.close();
  });

  test('broken files are refused in words, and the page lives on', async () => {
    const page = await demo().started();
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

  test('what is downloaded loads again with the same answers, and stays pruned', async () => {
    const page = await demo().started('?sparsity=0.8');
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
}
