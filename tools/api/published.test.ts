import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

test('what is published is what the entry points reach: no test, no helper of tests, nothing dead', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(__dirname, 'published.mjs')], {
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
