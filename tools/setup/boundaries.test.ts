import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

const CASES: [path: string, from: string, refused: boolean][] = [
  ['packages/core/src/x.ts', '@espalier/scorer-magnitude', true],
  ['packages/core/src/x.ts', './errors.js', false],
  ['packages/scorers/gradient/src/x.ts', '@espalier/scorer-magnitude', true],
  ['packages/scorers/gradient/src/x.ts', 'espalier', true],
  ['packages/scorers/gradient/src/x.ts', '@espalier/core', false],
  ['packages/scorers/gradient/src/x.ts', '@espalier/data', false],
  ['packages/scorers/gradient/src/x.test.ts', '@espalier/adapter-layers', false],
  ['packages/espalier/src/x.ts', '@espalier/train', false],
  ['packages/models/layers/src/x.ts', '@espalier/adapter-kit', false],
  ['packages/models/kit/src/x.ts', '@espalier/data', true],
  ['packages/models/graph/src/x.ts', '@espalier/adapter-layers', true],
  ['packages/pipeline/src/x.ts', '@espalier/train', false],
  ['packages/train/src/x.ts', '@espalier/pipeline', true],
  ['packages/report/src/x.tsx', '@espalier/pipeline', false],
  ['packages/report/src/x.tsx', 'espalier', true],
  ['apps/cli/src/x.ts', '@espalier/train', false],
  ['apps/cli/src/x.ts', '@espalier/demo', true],
];

// ESLint loads its configuration as an ES module, which only a process of its own can do.
const SCRIPT = `
  import { ESLint } from 'eslint';
  const eslint = new ESLint();
  const refused = [];
  for (const [filePath, from] of JSON.parse(process.argv[1])) {
    const [{ messages }] = await eslint.lintText("import { a } from '" + from + "';\\nexport const b = a;\\n", { filePath });
    refused.push(messages.some(({ ruleId }) => ruleId === 'no-restricted-imports'));
  }
  console.log(JSON.stringify(refused));
`;

test('imports go down the floors only', () => {
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT, JSON.stringify(CASES)], {
    cwd: root,
    encoding: 'utf8',
  });
  const refused = JSON.parse(out) as boolean[];
  expect(CASES.map(([path, from], i) => [path, from, refused[i]])).toEqual(CASES);
});
