const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { CODES, CONSTANTS, JOBS, SELECTION } = require('../abi/table.cjs');

const root = join(__dirname, '..');
const HEAD = '// Written by scripts/build-abi.mjs from abi/table.cjs; not to be edited.\n';

const upper = (name) => name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
const doc = (lines, indent = '') =>
  lines.length === 1
    ? `${indent}/** ${lines[0]} */\n`
    : `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;

const constant = (type, [name, { says, value }]) => `${doc([says])}export const ${name}${type} = ${value};\n`;

/** For the kernels Format.DENSE. asc makes quicker code of an enum than of as many constants. */
const enumeration = ([name, { says, names }]) =>
  `${doc([says])}export const enum ${name} {\n${names.map((one) => `  ${upper(one)},\n`).join('')}}\n`;

/** For the host FORMAT_DENSE, or the list. */
const codes = ([name, { says, names, list: listName }]) =>
  listName
    ? doc([`${says} Each at the place of its code.`]) + list(listName, names)
    : `// ${says}\n` + names.map((one, code) => `export const ${upper(name)}_${upper(one)} = ${code};\n`).join('');

const structure = ([name, { says, fields }]) => {
  const lines = fields.map(([field, type, what]) => `${what ? doc([what], '  ') : ''}  ${field}: ${type};\n`);
  return `${doc(says)}@unmanaged\nexport class ${name} {\n${lines.join('')}}\n`;
};

/** For the host: the names in order. */
const list = (name, names) => `export const ${name} = [\n${names.map((one) => `  '${one}',\n`).join('')}] as const;\n`;

const fieldList = ([name, { says, fields }]) =>
  doc(says) +
  list(
    upper(name),
    fields.map(([field]) => field),
  );

function floats() {
  const types = new Map();
  for (const [field, type] of Object.values(JOBS).flatMap(({ fields }) => fields)) {
    if ((types.get(field) ?? type) !== type) throw new Error(`${field} is ${type} and ${types.get(field)}`);
    types.set(field, type);
  }
  return [...types.keys()].filter((field) => types.get(field) === 'f32');
}

function regions(type) {
  let at = 0;
  return SELECTION.regions.map(([name, bytes, says]) => {
    at += bytes;
    return constant(type, [name, { says, value: at - bytes }]);
  });
}

const KERNELS = /export \{ ([^}]*) \} from '(\.\/[^']*)';/g;

/** The functions that assembly/index.ts exports above its remark on those that are exported for the compiler's sake. */
function kernels() {
  const index = readFileSync(join(root, 'assembly/index.ts'), 'utf8').split('\n//')[0];
  return [...index.matchAll(KERNELS)].flatMap(([, names, from]) => {
    const source = readFileSync(join(root, 'assembly', `${from}.ts`), 'utf8');
    return names.split(', ').map((name) => {
      const found = new RegExp(`export function ${name}\\(([^)]*)\\): void`).exec(source);
      if (!found) throw new Error(`assembly/${from}.ts has no ${name} that gives nothing`);
      const parameters = found[1].split(',').map((one) => one.trim().split(':')[0]);
      return `  ${name}(\n${parameters
        .filter(Boolean)
        .map((one) => `    ${one}: number,\n`)
        .join('')}  ): void;\n`;
    });
  });
}

const blocks = (...parts) => [HEAD, ...parts.flat()].join('\n');

/** The text of every file that is made from the table and from the kernels' signatures, by its path in the package. */
exports.abiFiles = () => ({
  'assembly/abi.ts': blocks(
    Object.entries(CONSTANTS).map((one) => constant(': i32', one)),
    Object.entries(CODES).map(enumeration),
    Object.entries(JOBS).map(structure),
  ),
  'assembly-select/abi.ts': blocks(
    Object.entries(SELECTION.constants).map((one) => constant(': i32', one)),
    regions(': usize'),
    Object.entries(SELECTION.jobs).map(structure),
  ),
  'src/abi/jobs.ts': blocks(
    Object.entries(CONSTANTS).map((one) => constant('', one)),
    Object.entries(CODES).map(codes),
    Object.entries(JOBS).map(fieldList),
    doc(['Fields that are float32; all others are 32-bit integers.']) + list('FLOATS', floats()),
  ),
  'src/abi/selection.ts': blocks(
    Object.entries(SELECTION.constants).map((one) => constant('', one)),
    regions(''),
    Object.entries(SELECTION.jobs).map(fieldList),
  ),
  'src/abi/kernels.ts': blocks(
    '/** The compiled kernels, bound to one memory, as assembly/ declares them. Arguments are byte offsets into it, and numbers. */\n' +
      `export interface Kernels {\n${kernels().join('')}}\n`,
  ),
});
