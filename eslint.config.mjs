import js from '@eslint/js';
import globals from 'globals';
import ts from 'typescript-eslint';

// Three floors: {apps, umbrella} → libraries → core. A library may import core and nothing else of ours; its tests may
// also use conformance, the zoo and whatever they compose.
const message = 'Libraries import @espalier/core only; composition happens in apps and in the umbrella package.';
const noSiblings = { patterns: [{ regex: '^(@espalier/(?!core(/|$))|espalier$)', message }] };
// The report is a view of what these two hold: an app that other apps mount.
const viewOnly = {
  patterns: [
    {
      regex: '^(@espalier/(?!(core|experiment|figures)(/|$))|espalier$)',
      message: 'The report imports core, experiment and figures only.',
    },
  ],
};
const noUpward = { patterns: [{ regex: '^(@espalier/|espalier$)', message: 'core imports nothing of ours.' }] };

export default ts.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '.nx/**',
      'packages/*/vendor/**',
      'packages/*/assembly*/**',
      'report/**',
      'out/**',
    ],
  },
  js.configs.recommended,
  ...ts.configs.recommended,
  { languageOptions: { globals: globals.node } },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    files: ['packages/*/src/**/*.{ts,tsx}'],
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
  {
    files: ['packages/*/src/**/*.{ts,tsx}'],
    ignores: ['**/*.test.{ts,tsx}', 'packages/espalier/**', 'packages/core/**', 'packages/report/**'],
    rules: { 'no-restricted-imports': ['error', noSiblings] },
  },
  {
    files: ['packages/report/src/**/*.{ts,tsx}'],
    ignores: ['**/*.test.{ts,tsx}'],
    rules: { 'no-restricted-imports': ['error', viewOnly] },
  },
  {
    files: ['packages/core/src/**/*.{ts,tsx}'],
    ignores: ['**/*.test.{ts,tsx}'],
    rules: { 'no-restricted-imports': ['error', noUpward] },
  },
  {
    files: ['**/*.test.{ts,tsx}'],
    languageOptions: { globals: globals.jest },
    rules: { 'no-restricted-properties': 'off' },
  },
);
