import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { espalier, scratch } from '../testing.js';

const dir = scratch();
const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;
const scriptFor = (shell: string) => {
  const path = join(dir, `completion.${shell}`);
  const run = espalier(['completion', shell]);
  expect([run.code, run.stderr]).toEqual([0, '']);
  writeFileSync(path, run.stdout);
  return path;
};

/** What bash offers for the words so far; the last one is unfinished. */
function offered(script: string, ...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const ask = `. '${script}'; COMP_WORDS=(espalier ${quoted}); COMP_CWORD=${words.length}; _espalier; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const run = spawnSync('bash', ['--norc', '-c', ask], { encoding: 'utf8', cwd: dir });
  expect(run.stderr).toBe('');
  return run.stdout.split('\n').filter((word) => word !== '');
}

(has('bash') ? test : test.skip)('bash: commands, options, what an option takes, zoo names and files', () => {
  const script = scriptFor('bash');
  writeFileSync(join(dir, 'lenet-mine.json'), '{}');
  expect(offered(script, 'pr')).toEqual(['prune']);
  expect(offered(script, '')).toEqual(expect.arrayContaining(['inspect', 'compare', 'completion', '--help']));
  expect(offered(script, 'help', 'un')).toEqual(['unpack']);
  expect(offered(script, 'prune', '--st')).toEqual(['--strategy', '--steps']);
  expect(offered(script, 'prune', '--scorer', 'gr')).toEqual(['gradient']);
  expect(offered(script, 'compare', 'x', '--backends', 'w')).toEqual(['wasm', 'webgpu']);
  expect(offered(script, 'prune', 'lenet-')).toEqual(['lenet-300-100', 'lenet-5', 'lenet-mine.json']);
  expect(offered(script, 'validate', 'lenet-')).toEqual(['lenet-mine.json']);
  expect(offered(script, 'prune', 'm', '--out', 'lenet-')).toEqual(['lenet-mine.json']);
  expect(offered(script, 'completion', 'f')).toEqual(['fish']);
  expect(offered(script, 'nonsense', '')).toEqual([]);
});

test.each(['zsh', 'fish'])('%s: every command, and a shell that is there can read it', (shell) => {
  const script = scriptFor(shell);
  const text = espalier(['completion', shell]).stdout;
  for (const word of ['prune', 'compare', '--sparsity'.slice(shell === 'fish' ? 2 : 0)]) expect(text).toContain(word);
  if (has(shell))
    expect(spawnSync(shell, ['-n', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});

test('a shell that there is none for', () => {
  const run = espalier(['completion', 'cmd']);
  expect([run.code, run.stdout]).toEqual([2, '']);
  expect(run.stderr).toContain('bash, zsh, fish');
});
