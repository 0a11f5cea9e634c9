// For dependency-cruiser: no file imports itself by way of others, types included, across packages too. `npm test` runs it beside lint.
// Floors are not said here: lint reads them from rooms.mjs.

/** Circles that are known and about to go; a new one fails. */
const KNOWN = '^packages/runtimes/';

/** The folders of packages/formats from the ground up; those of one line know nothing of each other. */
const FORMATS = [['kit'], ['disk'], ['model-json'], ['arrays', 'compact', 'safetensors']];
const folder = (names) => `^packages/formats/src/(${names.join('|')})/`;
const formats = FORMATS.flatMap((names, floor) =>
  names.map((name) => ({
    name: `formats-${name}`,
    severity: 'error',
    from: { path: folder([name]), pathNot: '[.]test[.]ts$' },
    to: { path: '^packages/formats/src/', pathNot: folder([...FORMATS.slice(0, floor).flat(), name]) },
  })),
);

export default {
  forbidden: [
    ...formats,
    { name: 'no-circle', severity: 'error', from: { pathNot: KNOWN }, to: { circular: true } },
    // What cannot be found is not followed, and a circle through it would go unseen. The command's bin runs what is built.
    {
      name: 'found',
      severity: 'error',
      from: { pathNot: '^apps/cli/bin/' },
      to: { couldNotResolve: true, path: '^([.]|@espalier/|espalier$)' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules/', '/dist/'] },
    exclude: { path: ['/dist/', '/vendor/', '/assembly[^/]*/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@espalier/source', 'import', 'default'],
    },
  },
};
