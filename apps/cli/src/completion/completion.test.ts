import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
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

/** What a shell offers for a line, whose last word is unfinished. */
type Ask = (script: string, line: string) => string[];

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');

const bash: Ask = (script, line) => {
  // Readline makes words of their own of what is around =.
  const words = line.split(' ').flatMap((word) => word.split(/(=)/).filter((part, i) => part !== '' || i === 0));
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const ask = `. '${script}'; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _espalier; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const run = spawnSync('bash', ['--norc', '-c', ask], { encoding: 'utf8', cwd: dir });
  expect(run.stderr).toBe('');
  return linesOf(run.stdout);
};

const zsh: Ask = (script, line) => {
  const out = join(dir, 'offered');
  const run = spawnSync('zsh', ['-f', join(__dirname, 'ask.zsh'), script, out, line], { encoding: 'utf8', cwd: dir });
  expect(run.stderr).toBe('');
  return linesOf(readFileSync(out, 'utf8')).filter((word) => !['--ready--', '--end--'].includes(word));
};

const fish: Ask = (script, line) => {
  const ask = `source '${script}'; complete -C '${line}'`;
  const run = spawnSync('fish', ['--no-config', '-c', ask], { encoding: 'utf8', cwd: dir });
  expect(run.stderr).toBe('');
  return linesOf(run.stdout).map((offer) => offer.split('\t')[0]);
};

const SHELLS: Readonly<Record<string, Ask>> = { bash, zsh, fish };
/** The end of what is offered: shells differ in how much of the word they repeat. */
const ends = (words: readonly string[]) => words.map((word) => word.replace(/^.*[,=]/, '')).sort();

for (const [shell, ask] of Object.entries(SHELLS)) {
  (has(shell) ? test : test.skip)(
    `${shell}${has(shell) ? '' : ' is not here'}: commands, options, what they take, zoo names and files`,
    () => {
      const script = scriptFor(shell);
      expect(spawnSync(shell, ['-n', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
      writeFileSync(join(dir, 'lenet-mine.json'), '{}');
      const offered = (line: string) => ends(ask(script, line));
      expect(offered('espalier pr')).toEqual(['prune']);
      expect(offered('espalier ')).toEqual(expect.arrayContaining(['inspect', 'compare', 'completion']));
      expect(offered('espalier --v')).toEqual(['--version']);
      expect(offered('espalier help un')).toEqual(['unpack']);
      expect(offered('espalier prune --st')).toEqual(['--steps', '--strategy']);
      expect(offered('espalier prune --scorer gr')).toEqual(['gradient']);
      expect(offered('espalier prune --scorer=gr')).toEqual(['gradient']);
      expect(offered('espalier compare x --backends w')).toEqual(['wasm', 'webgpu']);
      expect(offered('espalier compare x --backends cpu,webg')).toEqual(['webgpu']);
      expect(offered('espalier prune lenet-')).toEqual(['lenet-300-100', 'lenet-5', 'lenet-mine.json']);
      expect(offered('espalier validate lenet-')).toEqual(['lenet-mine.json']);
      expect(offered('espalier prune m --out lenet-')).toEqual(['lenet-mine.json']);
      expect(offered('espalier prune m --data mn')).toEqual(['mnist']);
      expect(offered('espalier prune m --sparsity ')).toEqual([]);
      expect(offered('espalier completion f')).toEqual(['fish']);
      expect(offered('espalier nonsense ')).toEqual([]);
    },
    300_000,
  );
}

test('a shell that there is none for', () => {
  const run = espalier(['completion', 'cmd']);
  expect([run.code, run.stdout]).toEqual([2, '']);
  expect(run.stderr).toContain('bash, zsh, fish');
});
