import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import root from '../root.cjs';
import { DIGITS } from './index.js';

// The scripts run as a user runs them, on the built packages: build the workspace first.
const script = (name: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(root, 'scripts', name), ...args], { stdio: 'pipe' });

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'espalier-zoo-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

test('make-digits.mjs makes the digits that are here', () => {
  script('make-digits.mjs', out);
  for (const file of [DIGITS.images, DIGITS.labels]) {
    const again = readFileSync(join(out, file.slice(join(root, 'data').length)));
    expect(gunzipSync(again).equals(gunzipSync(readFileSync(file)))).toBe(true);
  }
});

test.each(['lenet-300-100', 'lenet-5', 'resnet-ds'])('train.mjs trains %s: same seed, same bytes', (name) => {
  const train = (folder: string, seed: string) => {
    script('train.mjs', name, '--epochs', '1', '--limit', '256', '--seed', seed, '--out', join(out, folder));
    return readFileSync(join(out, folder, name, 'weights.bin'));
  };
  const first = train('a', '1');
  expect(first.equals(train('b', '1'))).toBe(true);
  expect(first.equals(train('c', '2'))).toBe(false);
  const json = JSON.parse(readFileSync(join(out, 'a', name, 'model.json'), 'utf8'));
  expect(json.userDefinedMetadata.espalier).toEqual({ data: 'mnist', accuracy: expect.any(Number), seed: 1 });
});
