// One preset for every package: sources are read directly (no build), ESM is turned into CommonJS by swc.
const esmOnly = [
  '@noble',
  '@observablehq',
  'd3',
  'd3-[a-z-]+',
  'internmap',
  'delaunator',
  'robust-predicates',
  'isoformat',
  'interval-tree-1d',
  'linkedom',
  'htmlparser2',
  'uhyphen',
  'html-escaper',
  'css-select',
  'css-what',
  'domhandler',
  'domutils',
  'domelementtype',
  'dom-serializer',
  'entities',
  'nth-check',
  'boolbase',
  'cssom',
];
const slow = process.env.ESPALIER_SLOW === '1';
module.exports = {
  rootDir: __dirname,
  roots: ['<rootDir>/packages', '<rootDir>/apps', '<rootDir>/tools'],
  testMatch: slow ? ['**/*.slow.test.ts'] : ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...(slow ? [] : ['\\.slow\\.test\\.ts$'])],
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/.nx'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@espalier/source', 'node', 'node-addons'] },
  transform: {
    '^.+\\.(ts|js|mjs)$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs', ignoreDynamic: false },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testTimeout: slow ? 600_000 : 30_000,
  reporters: ['default', '<rootDir>/tools/setup/count-reporter.cjs'],
};
