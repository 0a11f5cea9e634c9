import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(__dirname, '..', '..');
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

function check(files: Readonly<Record<string, string>>) {
  // Beside the sources, so that names of packages lead somewhere.
  const folder = mkdtempSync(join(root, 'tools', '.circles-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const config = join(root, 'tools/architecture/circles.config.mjs');
    const args = [cruiser, '--config', config, relative(root, folder)];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    return { status, stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a circle of types alone is found, and what leads nowhere; a line is not', () => {
  const a = "import { b } from './b.js';\nexport type A = typeof b;\n";
  const circle = "import type { A } from './a.js';\nexport const b = 0 as A;\n";
  const broken = check({ 'a.ts': a, 'b.ts': circle, 'c.ts': "import '@espalier/nowhere';\n" });
  expect(broken.status).not.toBe(0);
  expect(broken.stdout).toMatch(/no-circle: .*[ab]\.ts/);
  expect(broken.stdout).toMatch(/found: .*c\.ts/);
  const line = check({ 'a.ts': a, 'b.ts': "import '@espalier/core';\nexport const b = 0;\n" });
  expect(line.stdout).toContain('no dependency violations');
  expect(line.status).toBe(0);
});
