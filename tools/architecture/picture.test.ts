import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const draw = join(__dirname, 'draw.mjs');

test('the picture in docs/ is what the sources say', () => {
  const { status, stderr } = spawnSync(process.execPath, [draw, '--check'], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
