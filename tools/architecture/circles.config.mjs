// For dependency-cruiser: no file imports itself by way of others, types included, across packages too. `npm test` runs it beside lint.
// The floors of packages are not said here: lint reads them from rooms.mjs.

/** The folders of packages/formats from the ground up; those of one line know nothing of each other. */
const FORMATS = [['kit'], ['disk'], ['model-json'], ['arrays', 'compact', 'safetensors']];
/** Likewise of packages/runtimes/wasm. */
const WASM = [['abi'], ['kernels', 'selection', 'training'], ['accelerate'], ['compile']];

const folders = (src, floors) =>
  floors.flatMap((names, floor) =>
    names.map((name) => {
      const below = [...floors.slice(0, floor).flat(), name];
      return {
        name: `${src}/${name}`,
        severity: 'error',
        from: { path: `^${src}/${name}/`, pathNot: '[.]test[.]ts$' },
        to: { path: `^${src}/`, pathNot: `^${src}/(${below.join('|')})/` },
      };
    }),
  );

export default {
  forbidden: [
    ...folders('packages/formats/src', FORMATS),
    ...folders('packages/runtimes/wasm/src', WASM),
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
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
