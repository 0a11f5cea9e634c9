import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { scratch } from '../testing.js';
import { type Answers, argumentsOf } from './answers.js';
import { runWizard } from './index.js';

const BIN = join(__dirname, '..', '..', 'bin', 'espalier.js');
const ESCAPE = '\u001b';
const plain = (text: string) => text.replace(new RegExp(`${ESCAPE}\\[[\\d;?]*[a-zA-Z]`, 'g'), '');
const DOWN = `${ESCAPE}[B`;
const ENTER = '\r';
const CTRL_C = '\u0003';

const answers: Answers = {
  model: 'lenet-5',
  scorer: 'magnitude',
  sparsity: 0.9,
  repair: 'none',
  fineTune: 0,
  out: 'out',
};

test.each<[Partial<Answers>, string]>([
  [{}, 'prune lenet-5 --sparsity 0.9 --out out'],
  [
    { data: 'mnist', scorer: 'gradient', fineTune: 3 },
    'prune lenet-5 --scorer gradient --sparsity 0.9 --data mnist --fine-tune 3 --out out',
  ],
  [
    { strategy: 'structured', repair: 'bias' },
    'prune lenet-5 --strategy structured --sparsity 0.9 --repair bias --out out',
  ],
  [
    { strategy: 'block', block: '8x1', tail: 'dense' },
    'prune lenet-5 --strategy block --sparsity 0.9 --block 8x1 --tail dense --out out',
  ],
])('%p is the command %s', (change, command) => {
  expect(argumentsOf({ ...answers, ...change }).join(' ')).toBe(command);
});

/** Types each line as soon as a question that holds its words is asked. */
async function answer(script: readonly (readonly [question: string, keys: string])[]) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let [said, next] = ['', 0];
  output.on('data', (chunk: Buffer) => {
    said += plain(chunk.toString());
    if (next < script.length && said.includes(script[next][0])) {
      const [, keys] = script[next++];
      said = '';
      setTimeout(() => input.write(keys), 20);
    }
  });
  const ran: string[][] = [];
  const all: string[] = [];
  output.on('data', (chunk: Buffer) => all.push(plain(chunk.toString())));
  await runWizard(async (args) => ran.push(args), { input, output });
  return { ran, said: all.join('') };
}

const dir = scratch();

test('from question to command: defaults by Enter, a wrong number is asked for again', async () => {
  const { ran, said } = await answer([
    ['Which model?', DOWN + ENTER],
    ['Which data', ENTER],
    ['What may be removed?', ENTER],
    ['matter least?', DOWN + ENTER],
    ['Which fraction', `7${ENTER}`],
    ['from 0 to 1', `\u007f0.8${ENTER}`],
    ['at once?', ENTER],
    ['How many epochs', ENTER],
    ['Where should', `${join(dir, 'new')}${ENTER}`],
    ['Run it?', ENTER],
  ]);
  const wanted = ['lenet-5', '--scorer', 'gradient', '--sparsity', '0.8', '--data', 'mnist', '--fine-tune', '3'];
  expect(ran).toEqual([['prune', ...wanted, '--out', join(dir, 'new')]]);
  expect(said).toContain('The command');
  // What an empty line stood for.
  expect(said).toMatch(/◇ +How many epochs of training afterwards\?\s+│ +3/);
});

test('without data nothing that needs it is asked; a model that is not there, and one in the way, are', async () => {
  const taken = join(dir, 'taken');
  mkdirSync(taken);
  writeFileSync(join(taken, 'model.json'), '{}');
  const { ran, said } = await answer([
    ['Which model?', DOWN + DOWN + DOWN + ENTER],
    ['Where is it?', `${join(dir, 'nothing')}${ENTER}`],
    ['Where is it?', `${taken}${ENTER}`],
    ['Which data', DOWN + DOWN + ENTER],
    ['What may be removed?', DOWN + DOWN + ENTER],
    ['matter least?', ENTER],
    ['Where should', `${taken}${ENTER}`],
    ['Replace it?', ENTER],
    ['Where should', `${join(dir, 'other')}${ENTER}`],
    ['Run it?', `n`],
  ]);
  expect(ran).toEqual([]);
  expect(said).toContain('found nothing there');
  expect(said).not.toContain('gradient');
  expect(said).toContain(`espalier prune ${taken} --strategy nm`);
  expect(said).toContain('Nothing was run');
});

test.each([
  ['Ctrl-C', CTRL_C],
  ['Esc', ESCAPE],
])('%s ends it, and nothing is run', async (_, key) => {
  const { ran, said } = await answer([
    ['Which model?', ENTER],
    ['Which data', key],
  ]);
  expect(ran).toEqual([]);
  expect(said).toContain('Cancelled: nothing was written.');
});

const hasScript = spawnSync('script', ['--version']).status === 0;

(hasScript ? test : test.skip)(
  `on a terminal of its own, ${hasScript ? 'from the first question to the written model' : 'which needs script(1)'}`,
  async () => {
    const child = spawn('script', ['-qec', `${process.execPath} ${BIN}`, '/dev/null'], {
      cwd: dir,
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
    });
    const script = [
      ['Which model?', ENTER],
      ['Which data', DOWN + DOWN + ENTER],
      ['What may be removed?', ENTER],
      ['matter least?', ENTER],
      ['Which fraction', ENTER],
      ['Where should', ENTER],
      ['Run it?', ENTER],
    ];
    let said = '';
    let seen = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      said += plain(chunk.toString());
      const [next] = script;
      if (next && said.indexOf(next[0], seen) >= 0) {
        seen = said.length;
        script.shift();
        setTimeout(() => child.stdin.write(next[1]), 50);
      }
    });
    const late = setTimeout(() => child.kill(), 45_000);
    const code = await new Promise((resolve) => child.on('close', resolve));
    clearTimeout(late);
    expect([code, said]).toEqual([
      0,
      expect.stringContaining('The same without questions: espalier prune lenet-300-100'),
    ]);
    expect(readdirSync(join(dir, 'lenet-300-100-pruned'))).toContain('model.json');
  },
);
