import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES } from './examples.js';
import { espalier, espalierMany, scratch } from './testing.js';

const dir = scratch();
const quick = ['inspect', 'pack', 'convert'];

test('the examples in the help of quick commands run as they stand', () => {
  const runs = espalierMany(
    quick.flatMap((name) => EXAMPLES[name].map((line) => line.split(' '))),
    dir,
  );
  expect(runs.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(runs.map(() => 0));
  expect(existsSync(join(dir, 'lenet-5.espalier'))).toBe(true);
});

test.each(Object.keys(EXAMPLES))('%s --help ends with its examples, whose options it lists', (name) => {
  const { stdout, code } = espalier([name, '--help']);
  expect(code).toBe(0);
  for (const line of EXAMPLES[name]) {
    expect(stdout).toContain(`  espalier ${line}\n`);
    for (const option of line.match(/--[a-z-]+/g) ?? []) expect(stdout).toContain(`${option}`);
  }
});

test('pack --help says the learning rate as people write it', () => {
  expect(espalier(['pack', '--help']).stdout.replace(/\s+/g, ' ')).toContain('(default: 0.0003)');
});
