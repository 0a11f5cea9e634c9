import { compareCommand as cliCompare } from '../../cli/src/commands/compare.js';
import { checkOptions, pruneCommand as cliPrune } from '../../cli/src/commands/prune.js';
import { compareCommand, pruneCommand } from './command.js';
import { DEFAULTS, optionsOf, SCOPES, SCORERS, STRATEGIES } from './settings.js';

test('the shortest one', () => {
  expect(pruneCommand({ ...DEFAULTS, fineTune: 0 })).toBe(
    'npx espalier prune lenet-300-100 -o pruned --sparsity 0.9 --data mnist',
  );
});

test('the command line reads from each of them what the workers do', async () => {
  for (const strategy of STRATEGIES) {
    for (const scorer of SCORERS) {
      for (const scope of SCOPES) {
        const settings = { ...DEFAULTS, strategy, scorer, scope, keep: 1, fineTune: 2 };
        const seen: object[] = [];
        const command = cliPrune(async (model, options) => void seen.push({ model, ...checkOptions(options) }));
        const [, , , ...words] = pruneCommand(settings).split(' ');
        await command.parseAsync(words, { from: 'user' });
        // What is at its default goes without saying.
        const wanted = Object.entries({ ...optionsOf(settings), data: 'mnist' }).filter(
          ([key, value]) =>
            !(key === 'strategy' && value === 'unstructured') &&
            value !== 'magnitude' &&
            value !== 'global' &&
            !(key === 'group' && value === 4),
        );
        expect(seen).toEqual([{ model: 'lenet-300-100', ...Object.fromEntries(wanted) }]);
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
