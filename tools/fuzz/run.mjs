// npm run fuzz [-- --seconds N | --inputs N --seed N --only NAME]: changed files for every reader of @espalier/format, and changed
// topologies for the adapters, until the time is up. What breaks a reader is kept in packages/formats/testing/corpus and
// tools/fuzz/corpus, whose files are tests from then on.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'espalier-fuzz-'));
const outfile = join(dir, 'fuzz.cjs');
buildSync({
  entryPoints: [at('main.ts')],
  bundle: true,
  // TensorFlow.js says of its backends that importing them does nothing.
  ignoreAnnotations: true,
  platform: 'node',
  conditions: ['@espalier/source'],
  outfile,
});
const args = [outfile, '--root', at('../..'), ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, ['--max-old-space-size=256', ...args], {
  stdio: 'inherit',
  env: { ...process.env, TMPDIR: dir },
});
rmSync(dir, { recursive: true, force: true });
process.exit(status ?? 1);
