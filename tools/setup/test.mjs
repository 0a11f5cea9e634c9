// npm test: installs, builds, lints, type-checks and runs every test that is not marked slow; with --slow, the slow ones.
import { build, install, node, together } from './steps.mjs';

const CIRCLES = ['--config', 'tools/architecture/circles.config.mjs', 'packages', 'apps', 'tools'];
const THROWS = ['-c', 'tools/architecture/throws.config.mjs', 'packages', 'apps', 'tools'];
const slow = process.argv.includes('--slow');
install();
build();
if (!slow) {
  await together([
    ['eslint', 'eslint/bin/eslint.js', ['.', '--max-warnings', '0']],
    ['only errors are thrown', 'eslint/bin/eslint.js', THROWS],
    ['prettier', 'prettier/bin/prettier.cjs', ['--check', '.', '--log-level', 'warn']],
    ['no import circle', 'dependency-cruiser/bin/dependency-cruise.mjs', CIRCLES],
    ['what packages export', '../tools/api/report.mjs', ['--check']],
    ['types of tests', 'typescript-native/bin/tsc', ['-p', 'tsconfig.test.json']],
  ]);
}
node(slow ? 'slow tests' : 'tests', 'jest/bin/jest.js', ['--maxWorkers=2'], {
  env: { ESPALIER_SLOW: slow ? '1' : '0' },
});
