// npm run api: writes what each entry point exports into docs/api, one file each, from what the build wrote. With --check it compares
// instead, and says what differs.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import ts from 'typescript';
import { root } from '../architecture/rooms.mjs';
import { published } from './packages.mjs';

const DOCS = join(root, 'docs', 'api');
const SILENT = { default: { logLevel: 'none' } };

/** The house's options, but for those of a build; and packages find each other's types, not their sources. */
function options() {
  const { compilerOptions } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile).config;
  return { ...compilerOptions, customConditions: [], composite: false };
}

/** './web' of `@espalier/format` is called format.web. */
const titleOf = (name, path) => [name.replace('@espalier/', ''), ...path.split('/').slice(1)].join('.');

function configure(folder, types, title, made) {
  const [at, entry] = [join(root, folder), join(root, folder, types)];
  if (!existsSync(entry)) throw new Error(`${entry} is not there: npm run build`);
  return ExtractorConfig.prepare({
    packageJsonFullPath: join(at, 'package.json'),
    configObject: {
      projectFolder: at,
      mainEntryPointFilePath: entry,
      compiler: { overrideTsconfig: { compilerOptions: options(), files: [entry] } },
      apiReport: { enabled: true, reportFileName: title, reportFolder: made, reportTempFolder: made },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: SILENT,
        extractorMessageReporting: SILENT,
        tsdocMessageReporting: SILENT,
      },
    },
  });
}

/** The reports by file name. */
function reports() {
  const made = mkdtempSync(join(tmpdir(), 'espalier-api-'));
  try {
    const configs = published().flatMap(({ folder, name, entries }) =>
      entries.map(({ path, types }) => configure(folder, types, titleOf(name, path), made)),
    );
    const additionalEntryPoints = configs.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath);
    const compilerState = CompilerState.create(configs[0], { additionalEntryPoints });
    const quiet = (message) => (message.handled = true);
    for (const config of configs) Extractor.invoke(config, { compilerState, localBuild: true, messageCallback: quiet });
    const names = readdirSync(made).filter((name) => name.endsWith('.api.md'));
    return new Map(names.sort().map((name) => [name, readFileSync(join(made, name), 'utf8').replaceAll('\r\n', '\n')]));
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** What is exported to be called: no types, and no defaults of options, which go with their factory. */
function valuesIn(text, types) {
  const declared = [...text.matchAll(/^export (?:declare )?(?:abstract class|class|function|const|let) (\w+)/gm)];
  const passedOn = [...text.matchAll(/^export \{ (\w+) \}/gm)].filter(([, name]) => !types.has(name));
  return [...declared, ...passedOn].map(([, name]) => name).filter((name) => !name.endsWith('_DEFAULTS'));
}

/** Exports that a package's README does not name. */
function unnamed(made) {
  const types = new Set(
    [...made.values()].flatMap((text) =>
      [...text.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name),
    ),
  );
  return published().flatMap(({ folder, name, entries }) => {
    const words = new Set(readFileSync(join(root, folder, 'README.md'), 'utf8').match(/\w+/g));
    const values = entries.flatMap(({ path }) => valuesIn(made.get(`${titleOf(name, path)}.api.md`), types));
    return [...new Set(values)].filter((value) => !words.has(value)).map((value) => `${folder}/README.md: ${value}`);
  });
}

const linesOf = (text) => new Set(text.split('\n'));
const onlyIn = (a, b) => [...linesOf(a)].filter((line) => !linesOf(b).has(line));

function compare(wanted) {
  const found = existsSync(DOCS) ? readdirSync(DOCS) : [];
  const names = [...new Set([...wanted.keys(), ...found])].sort();
  const differing = names.filter((name) => {
    const is = wanted.get(name) ?? '';
    const was = found.includes(name) ? readFileSync(join(DOCS, name), 'utf8') : '';
    if (is === was) return false;
    const lines = [...onlyIn(was, is).map((line) => `- ${line}`), ...onlyIn(is, was).map((line) => `+ ${line}`)];
    process.stderr.write(`docs/api/${name}\n${lines.join('\n')}\n`);
    return true;
  });
  if (differing.length > 0) {
    process.stderr.write('The packages export something else than docs/api says. If that is meant: npm run api.\n');
  }
  const missing = unnamed(wanted);
  if (missing.length > 0) process.stderr.write(`Exported, and not named in a README:\n${missing.join('\n')}\n`);
  if (differing.length + missing.length > 0) process.exit(1);
}

const made = reports();
if (process.argv.includes('--check')) {
  compare(made);
} else {
  rmSync(DOCS, { recursive: true, force: true });
  mkdirSync(DOCS, { recursive: true });
  for (const [name, text] of made) writeFileSync(join(DOCS, name), text);
}
