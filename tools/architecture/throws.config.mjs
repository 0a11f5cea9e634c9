// Whoever catches may count on a message and a stack: only Errors are thrown. What a value is, only types know, and reading them
// takes a while, so that this is a run of its own beside the rest of lint.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript-eslint';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export default [
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  {
    files: ['packages/**/src/**/*.{ts,tsx}', 'apps/*/src/**/*.{ts,tsx}', 'tools/*/**/*.ts'],
    languageOptions: {
      parser: ts.parser,
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: root },
    },
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    plugins: { '@typescript-eslint': ts.plugin },
    rules: { '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }] },
  },
];
