// One preset for every package: sources are read directly (no build), ESM is turned into CommonJS by swc.
const esmOnly = [
  '@noble',
  'preact',
  '@clack',
  'd3-array',
  'internmap',
  'fast-string-[a-z-]+',
  'fast-wrap-ansi',
  'sisteransi',
];
const slow = process.env.ESPALIER_SLOW === '1';
const swc = (parser) => [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', ...parser },
      transform: { react: { runtime: 'automatic', importSource: 'preact' } },
    },
    module: { type: 'commonjs', ignoreDynamic: false },
  },
];
module.exports = {
  rootDir: __dirname,
  roots: ['<rootDir>/packages', '<rootDir>/apps', '<rootDir>/tools'],
  testMatch: slow ? ['**/*.slow.test.{ts,tsx}'] : ['**/*.test.{ts,tsx}'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...(slow ? [] : ['\\.slow\\.test\\.tsx?$'])],
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/.nx'],
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/tools/setup/quiet.cjs'],
  testEnvironmentOptions: { customExportConditions: ['@espalier/source', 'node', 'node-addons'] },
  transform: {
    '^.+\\.tsx$': swc({ tsx: true }),
    '^.+\\.(ts|js|mjs)$': swc({}),
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testTimeout: slow ? 600_000 : 90_000,
  reporters: ['default', '<rootDir>/tools/setup/count-reporter.cjs'],
};
