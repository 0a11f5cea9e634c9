import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { folder, modelFolder, rejection, TINY_WEIGHTS, tinyJson } from '../../testing/fixture.js';
import { readModel } from '../read-model.js';
import { abandonWrites } from '../disk/recover.js';
import { writeFile, writeFiles } from '../disk/write-files.js';
import { writeModel } from './write-model.js';
import { artifacts, OTHER, weightsIn, isTemporary } from '../../testing/written.js';

/** A process id that no process has: that of one that has ended. */
const deadPid = () => Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));

describe('what is already there', () => {
  it('replaces the model with its own successor and leaves other files alone', async () => {
    const dir = modelFolder();
    writeFileSync(join(dir, 'notes.txt'), 'mine');
    writeFileSync(join(dir, 'weights-1of1-0123456789abcdef.bin'), 'not known here');
    const model = await readModel(dir);
    await writeModel(dir, { ...model.artifacts, weightData: OTHER.slice().buffer });
    expect(await weightsIn(dir)).toEqual(OTHER);
    const names = readdirSync(dir).filter((name) => !name.startsWith('weights-1of1'));
    expect(names).toEqual(['model.json', 'notes.txt']);
    expect(existsSync(join(dir, 'weights-1of1-0123456789abcdef.bin'))).toBe(true);
    const before = readdirSync(dir);
    await writeModel(dir, (await readModel(dir)).artifacts);
    expect(readdirSync(dir)).toEqual(before);
  });

  it('keeps shards that another model names, or may name', async () => {
    const dir = modelFolder();
    writeFileSync(join(dir, 'dense.json'), JSON.stringify(tinyJson()));
    await writeModel(dir, artifacts(OTHER));
    expect(await weightsIn(join(dir, 'dense.json'))).toEqual(TINY_WEIGHTS);
    const other = modelFolder();
    symlinkSync('other.json', join(other, 'other.json'));
    mkdirSync(join(other, 'json'));
    await writeModel(other, artifacts(OTHER));
    expect(existsSync(join(other, 'weights.bin'))).toBe(true);
    unlinkSync(join(other, 'other.json'));
    await writeModel(other, artifacts(OTHER.map((w) => w + 1)));
    expect(readdirSync(other).filter((name) => name.endsWith('.bin'))).toHaveLength(2);
  });

  it('deletes nothing on the word of a model.json that is broken', async () => {
    const broken = { ...tinyJson(), weightsManifest: [{ paths: ['thesis.txt'], weights: [] }] };
    const dir = modelFolder(broken, { 'thesis.txt': Uint8Array.of(1) });
    await writeModel(dir, artifacts());
    expect(existsSync(join(dir, 'thesis.txt'))).toBe(true);
    const outside = join(folder(), 'thesis.txt');
    writeFileSync(outside, 'x');
    const other = modelFolder({ ...tinyJson(), weightsManifest: [{ paths: [outside, '../x'], weights: [] }] });
    await writeModel(other, artifacts());
    expect(existsSync(outside)).toBe(true);
  });

  it('replaces links and never writes through them', async () => {
    const dir = folder();
    const victim = join(folder(), 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(dir, 'model.json'));
    symlinkSync(victim, join(dir, 'plan.bin'));
    await writeModel(dir, artifacts(), { extras: { 'plan.bin': 'plan' } });
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(lstatSync(join(dir, 'plan.bin')).isSymbolicLink()).toBe(false);
    expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
  });

  it('writes to the folder that a link names', async () => {
    const link = join(folder(), 'link');
    const dir = folder();
    symlinkSync(dir, link);
    await writeModel(link, artifacts());
    expect(readlinkSync(link)).toBe(dir);
    expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
  });

  it('removes what dead processes have left, and only that', async () => {
    const dir = modelFolder();
    const [dead, alive] = [`.espalier-tmp-${deadPid()}-x`, `.espalier-tmp-${process.ppid}-x`];
    for (const name of [dead, alive]) mkdirSync(join(dir, name));
    const orphan = 'weights-1of1-00000000000000aa.bin';
    writeFileSync(join(dir, dead, 'shards.txt'), JSON.stringify([orphan, 'notes.txt', `../${orphan}`]));
    for (const name of [orphan, 'notes.txt']) writeFileSync(join(dir, name), 'x');
    await writeModel(dir, artifacts());
    expect(readdirSync(dir).filter(isTemporary)).toEqual([alive]);
    expect(existsSync(join(dir, orphan))).toBe(false);
    expect(existsSync(join(dir, 'notes.txt'))).toBe(true);
  });
});

describe('an output that cannot be written', () => {
  it.each([
    ['a file in its place', (dir: string) => join(dir, 'file'), 'output-not-a-folder'],
    ['a file above it', (dir: string) => join(dir, 'file', 'out'), 'output-not-a-folder'],
    ['a dangling link', (dir: string) => join(dir, 'dangling'), 'output-failed'],
    ['a device', () => '/dev/full', 'output-not-a-folder'],
    ['a place without folders', () => '/proc/espalier', 'output-failed'],
    ['a NUL character', (dir: string) => `${dir}/a\0b`, 'output-failed'],
    ['a name that is too long', (dir: string) => join(dir, 'x'.repeat(300)), 'output-failed'],
  ])('%s', async (_, path, code) => {
    const dir = folder();
    writeFileSync(join(dir, 'file'), 'x');
    symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'));
    const error = await rejection(writeModel(path(dir), artifacts()));
    expect(error).toMatchObject({ name: 'OutputError', code });
    expect(error.message).toMatch(/: wanted .*, found .*; /);
    expect(readdirSync(dir)).toEqual(['dangling', 'file']);
    expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('x');
  });

  it('a folder where a file has to go', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'model.json'));
    const error = await rejection(writeModel(dir, artifacts(), { extras: { plan: '' } }));
    expect(error).toMatchObject({ name: 'OutputError', code: 'output-exists' });
    expect(readdirSync(dir)).toEqual(['model.json']);
  });

  (process.getuid?.() === 0 ? it.skip : it)('a folder without permission (needs a user that is not root)', async () => {
    const dir = folder();
    chmodSync(dir, 0o500);
    expect(await rejection(writeModel(dir, artifacts()))).toMatchObject({ code: 'output-denied' });
    chmodSync(dir, 0o700);
  });

  it('an empty path', async () => {
    expect(await rejection(writeModel('', artifacts()))).toMatchObject({ name: 'UsageError', code: 'path' });
  });
});

describe('writeFiles', () => {
  it('writes some files and leaves the others', async () => {
    const dir = join(folder(), 'report');
    mkdirSync(dir);
    writeFileSync(join(dir, 'old.txt'), 'old');
    expect(await writeFiles(dir, { 'a.csv': 'x,y', 'b.png': Uint8Array.of(1) })).toEqual([
      { path: join(dir, 'a.csv'), bytes: 3 },
      { path: join(dir, 'b.png'), bytes: 1 },
    ]);
    expect(readdirSync(dir)).toEqual(['a.csv', 'b.png', 'old.txt']);
  });

  it('writes one file, in a new folder if need be', async () => {
    const path = join(folder(), 'new', 'a.svg');
    expect(await writeFile(path, '<svg/>')).toEqual({ path, bytes: 6 });
    expect(await rejection(writeFile(join(path, 'b'), 'x'))).toMatchObject({ code: 'output-not-a-folder' });
    expect(await rejection(writeFile('', 'x'))).toMatchObject({ name: 'UsageError' });
  });
});

describe('two writers', () => {
  it('take turns, and the last one wins', async () => {
    const dir = modelFolder();
    const writes = [2, 3, 4, 5].map((scale) =>
      writeModel(dir, artifacts(TINY_WEIGHTS.map((w) => w * scale)), {
        shardBytes: 8,
        extras: { plan: String(scale) },
      }),
    );
    await Promise.all(writes);
    const weights = await weightsIn(dir);
    expect(readFileSync(join(dir, 'plan'), 'utf8')).toBe(String(weights[0] / TINY_WEIGHTS[0]));
    expect(readdirSync(dir).filter(isTemporary)).toEqual([]);
    expect(readdirSync(dir).filter((name) => /^weights-\d/.test(name))).toHaveLength(5);
  });

  it('the lock of a dead process, and one that was never filled, are taken over', async () => {
    const dir = modelFolder();
    for (const content of [String(deadPid()), String(process.pid), '']) {
      writeFileSync(join(dir, '.espalier-lock'), content);
      await writeModel(dir, artifacts());
      expect(readdirSync(dir).filter(isTemporary)).toEqual([]);
    }
  });
});

it('abandonWrites() leaves what was there', async () => {
  const dir = modelFolder();
  await writeModel(dir, artifacts(), { extras: { plan: 'old' } });
  const before = readdirSync(dir);
  const write = writeModel(dir, artifacts(OTHER), {
    extras: { plan: 'new' },
    beforeCommit: () => {
      abandonWrites();
      throw new Error('ended');
    },
  });
  await expect(write).rejects.toThrow('ended');
  expect(readdirSync(dir)).toEqual(before);
  expect(readFileSync(join(dir, 'plan'), 'utf8')).toBe('old');
});
