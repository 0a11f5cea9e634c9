import js from '@eslint/js';
import globals from 'globals';
import ts from 'typescript-eslint';
import { FLOORS, rooms } from './tools/architecture/rooms.mjs';

// A package imports from lower floors only; its tests may also use conformance, the zoo and whatever they compose.
const all = rooms();
const floors = FLOORS.map((floor, number) => {
  const files = all.filter((room) => room.floor === number).map(({ folder }) => `${folder}/src/**/*.{ts,tsx}`);
  const others = all.filter((room) => room.floor >= number).map(({ name }) => name);
  const message = `The floor '${floor.name}' imports from the floors below it only: tools/architecture/rooms.mjs.`;
  const patterns = [{ regex: `^(${others.join('|')})(/|$)`, message }];
  return { files, ignores: ['**/*.test.{ts,tsx}'], rules: { 'no-restricted-imports': ['error', { patterns }] } };
});

export default ts.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '.nx/**',
      'packages/**/vendor/**',
      'packages/**/assembly*/**',
      'report/**',
      'out/**',
    ],
  },
  js.configs.recommended,
  ...ts.configs.recommended,
  { languageOptions: { globals: globals.node } },
  { rules: { 'max-lines': ['error', 300] } },
  // A callback of describe or it, and what holds several, is as long as its cases.
  { ignores: ['**/*.test.{ts,tsx}', '**/*-tests.ts'], rules: { 'max-lines-per-function': ['error', 60] } },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    files: ['packages/**/src/**/*.{ts,tsx}'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { property: 'dataSync', message: 'Use await data().' },
        { property: 'arraySync', message: 'Use await array().' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  ...floors,
  {
    files: ['**/*.test.{ts,tsx}'],
    languageOptions: { globals: globals.jest },
    rules: { 'no-restricted-properties': 'off' },
  },
);
