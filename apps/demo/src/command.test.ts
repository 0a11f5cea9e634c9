import { checkCombination, pruneOptions } from '../../cli/src/commands/prune-options.js';
import { compareCommand as cliCompare } from '../../cli/src/commands/compare.js';
import { compareCommand, pruneCommand } from './command.js';
import { CUTS, DEFAULTS, SCOPES, SCORERS, sparsityOf } from './settings.js';

test('the shortest one', () => {
  expect(pruneCommand({ ...DEFAULTS, epochs: 0 })).toBe(
    'npx espalier prune lenet-300-100 -o pruned --sparsity 0.9 --data mnist',
  );
});

test('the command line takes each of them, and means the same', async () => {
  for (const cut of CUTS) {
    for (const scorer of SCORERS) {
      for (const scope of SCOPES) {
        const settings = { ...DEFAULTS, cut, scorer, scope, pattern: '1:4' as const, epochs: 2 };
        const seen: object[] = [];
        const command = pruneOptions(async (model, options) => {
          checkCombination(options);
          seen.push({ model, ...options });
        });
        const [, , , ...words] = pruneCommand(settings).split(' ');
        await command.parseAsync(words, { from: 'user' });
        const wanted = cut === 'nm' ? { keep: 1, group: 4 } : { sparsity: sparsityOf(settings) };
        expect(seen).toMatchObject([{ model: 'lenet-300-100', strategy: cut, scorer, fineTune: 2, ...wanted }]);
        if (cut !== 'nm' && scope !== 'global') expect(seen).toMatchObject([{ scope }]);
      }
    }
  }
});

test('so does compare', async () => {
  const command = cliCompare();
  let options: object | undefined;
  command.action((_model: string, given: object) => void (options = given));
  const [, , , ...words] = compareCommand({ ...DEFAULTS, scorer: 'wanda', scope: 'local' }).split(' ');
  await command.parseAsync(words, { from: 'user' });
  expect(options).toMatchObject({ scope: 'local', scorers: ['wanda'], sparsities: [0.9], fineTune: 1 });
});
