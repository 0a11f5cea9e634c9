/** The command that the page prints does what the page did: the same bytes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeModelFiles, type NamedBytes } from '@espalier/format/web';
import type { Harness } from './harness.js';
import { asFiles, denseNet } from './models.js';
import { choose, drop, measure, settled, take, unzip } from './page.js';

const BIN = join(__dirname, '..', '..', '..', 'cli', 'bin', 'espalier.js');

/** Names, shapes and every byte of the weights. */
function weightsOf(files: readonly NamedBytes[]) {
  const { weightSpecs, weightData } = decodeModelFiles([...files]).artifacts;
  return { specs: weightSpecs, bytes: Buffer.from(weightData as ArrayBuffer).toString('base64') };
}

export function commandTests(demo: () => Harness): void {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['single weights by gradient, trained', { strategy: 'unstructured', scorer: 'gradient' }],
    ['a pattern, trained', { strategy: 'nm', scorer: 'magnitude' }],
    ['channels by the Hessian, trained', { strategy: 'structured', scorer: 'hessian' }],
  ])('%s: the page and the command that it prints make the same model, to the byte', async (_, choices) => {
    const dir = mkdtempSync(join(tmpdir(), 'espalier-command-'));
    const page = await demo().started('?fineTune=1&sparsity=0.6&backends=wasm');
    try {
      const files = asFiles(denseNet('own', 784, 24, 10));
      await drop(
        page,
        files.map((file) => ({ ...file, name: `own/${file.name}` })),
      );
      await page.waitForSelector('.facts:has-text("19,090")');
      for (const [name, value] of Object.entries(choices)) await choose(page, name, value);
      await settled(page);
      await page.fill('#measure input[type=range]', '1');
      await measure(page, 1);
      const row = await page.locator('#take select').first().locator('option').last().getAttribute('value');
      await page.locator('#take select').first().selectOption(row!);
      const inPage = weightsOf(unzip((await take(page, 'zip')).bytes));

      mkdirSync(join(dir, 'my-model'));
      for (const { name, bytes } of files) writeFileSync(join(dir, 'my-model', name), bytes);
      const command = (await page.textContent('#take .command code'))!;
      const [npx, espalier, ...words] = command.split(' ');
      expect([npx, espalier]).toEqual(['npx', 'espalier']);
      execFileSync(process.execPath, [BIN, ...words], { cwd: dir, stdio: 'ignore' });
      const written = readdirSync(join(dir, 'pruned')).filter((name) => name !== 'pruning.plan');
      const onDisk = weightsOf(written.map((name) => ({ name, bytes: readFileSync(join(dir, 'pruned', name)) })));
      expect(inPage).toEqual(onDisk);
    } finally {
      await page.close();
      rmSync(dir, { recursive: true, force: true });
    }
  });
}
