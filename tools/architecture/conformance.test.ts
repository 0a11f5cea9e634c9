import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const packages = join(__dirname, '..', '..', 'packages');

/** The suite of laws that the packages of a role run on what they bring. */
const SUITES: Readonly<Record<string, string>> = {
  models: 'describeAdapter',
  scorers: 'describeScorer',
  repairs: 'describeRepair',
};
/** What the packages of a role share brings nothing of its own. */
const KIT = 'kit';

const testsIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'));

const rooms = Object.keys(SUITES).flatMap((role) =>
  readdirSync(join(packages, role))
    .filter((name) => name !== KIT)
    .map((name) => [role, name] as const),
);

test.each(rooms)('%s/%s is held to the laws', (role, name) => {
  const src = join(packages, role, name, 'src');
  const tests = testsIn(src).map((file) => readFileSync(join(src, file), 'utf8'));
  expect(tests.some((text) => text.includes(`${SUITES[role]}(`))).toBe(true);
});
