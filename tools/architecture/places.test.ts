/** What a new plug-in or a new kind of model has to touch: its own folder, and one line of one list. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const LIST = 'packages/pipeline/src/plugins/lists.ts';
const sources = execFileSync('git', ['ls-files', 'packages', 'apps'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) => /\/src\/.*\.tsx?$/.test(path) && !/\.test\.tsx?$|\/(testing|browser)/.test(path))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

const naming = (pattern: RegExp, outside: string) =>
  sources.filter(({ path, text }) => !path.startsWith(outside) && pattern.test(text)).map(({ path }) => path);

// Scorers that nothing else has a word for: no lesson of the page, no question of the wizard.
test.each(['hutchinson', 'block-fisher'])('the scorer %s stands in its folder and in one list', (name) => {
  expect(naming(new RegExp(`['"\`]${name}['"\`]`), 'packages/scorers/')).toEqual([LIST]);
});

test('only the list imports plug-ins by their packages, and what needs one of them in particular', () => {
  const imports = naming(/['"]@espalier\/(scorer|strategy|repair)-/, 'packages/espalier/');
  expect(imports).toEqual([
    'apps/cli/src/commands/bench.ts',
    'packages/pipeline/src/budget/measured.ts',
    'packages/pipeline/src/budget/resolve.ts',
    'packages/pipeline/src/options/strategy-words.ts',
    'packages/pipeline/src/options/table.ts',
    LIST,
    'packages/pipeline/src/run/permute.ts',
    'packages/pipeline/src/run/run.ts',
  ]);
});

test('no app knows which kinds of models there are', () => {
  const kinds = /adapter-(layers|graph)|adaptLayers|adaptGraph|isGraph|AnyPrunable|(Layers|Graph)Prunable/;
  expect(naming(kinds, 'packages/')).toEqual([]);
  const outside = naming(/@espalier\/adapter-(layers|graph)/, 'packages/models/').filter(
    (path) => !path.startsWith('packages/espalier/'),
  );
  expect(outside).toEqual(['packages/pipeline/src/models.ts']);
});
