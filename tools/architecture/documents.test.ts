import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const tracked = (pattern: string) =>
  execFileSync('git', ['ls-files', pattern], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);

/** What people write; docs/api is made from the types. */
const documents = tracked('*.md').filter((path) => !path.startsWith('docs/api/'));
const scriptsOf = (folder: string): string[] => {
  const path = join(folder, 'package.json');
  return existsSync(join(root, path)) ? Object.keys(JSON.parse(read(path)).scripts ?? {}) : [];
};

/** The lower-case text of headings with hyphens for spaces, as GitHub names them. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replace(/ /g, '-'),
  );

test('what documents link to in the repository is there', () => {
  const broken = documents.flatMap((path) =>
    [...read(path).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)]
      .filter(([, to, anchor]) => {
        const target = to === '' ? path : join(dirname(path), to);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && target.endsWith('.md') && !anchorsOf(read(target)).includes(anchor);
      })
      .map(([link]) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test('the npm scripts that documents name are there', () => {
  const unknown = documents.flatMap((path) =>
    [...read(path).matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g)]
      .filter(([, name]) => ![...scriptsOf('.'), ...scriptsOf(dirname(path))].includes(name))
      .map(([command]) => `${path}: ${command}`),
  );
  expect(unknown).toEqual([]);
});

test('what documents import from our packages is exported there', async () => {
  const missing: string[] = [];
  for (const path of documents.filter((path) => !path.startsWith('docs/adr/'))) {
    for (const [, names, from] of read(path).matchAll(/import \{([^}]*)\} from '(espalier|@espalier\/[^']*)'/g)) {
      const exported: object = await import(from);
      const values = names.split(',').map((name) => name.trim().split(' as ')[0]);
      const unknown = values.filter((name) => name !== '' && !name.startsWith('type ') && !(name in exported));
      missing.push(...unknown.map((name) => `${path}: ${name} from ${from}`));
    }
  }
  expect(missing).toEqual([]);
});

test('the README lists every package, and each has a README', () => {
  const packages = tracked('*/package.json')
    .map(dirname)
    .filter((folder) => /^(packages|apps)\//.test(folder));
  expect(packages.filter((folder) => !read('README.md').includes(`](${folder})`))).toEqual([]);
  expect(packages.filter((folder) => !existsSync(join(root, folder, 'README.md')))).toEqual([]);
});

// Names in capitals, as in packages/scorers/NAME, stand for the reader's own.
test('the files and folders that docs/ARCHITECTURE.md names are there', () => {
  const named = [...read('docs/ARCHITECTURE.md').matchAll(/`((?:packages|apps|tools|docs|\.changeset)\/[^`\s]*)`/g)]
    .map(([, path]) => path)
    .filter((path) => !/[A-Z]{2,}/.test(path.replace(/README|ARCHITECTURE/, '')));
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
