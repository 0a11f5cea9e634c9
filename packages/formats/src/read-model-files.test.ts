import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  floats,
  folder,
  modelFolder,
  rejection,
  TINY_WEIGHTS,
  tinyBytes,
  tinyJson,
  withWeights,
} from '../testing/fixture.js';
import { readModel } from './read-model.js';

describe('files that are wrong', () => {
  const shard = (name: string) => modelFolder(withWeights(tinyJson().weightsManifest[0].weights, [name]));

  it('names what is missing', async () => {
    const empty = folder();
    expect(await rejection(readModel(empty))).toMatchObject({ code: 'model-missing' });
    expect((await rejection(readModel(empty))).message).toContain(`${empty}/model.json': wanted a readable file`);
    expect(await rejection(readModel(join(empty, 'no')))).toMatchObject({ code: 'model-missing' });
    expect(await rejection(readModel('a\0b'))).toMatchObject({ code: 'model-unreadable' });
    const url = await rejection(readModel('https://example.com/model.json'));
    expect(url.message).toContain('download the model');
    expect(await rejection(readModel(''))).toMatchObject({ name: 'UsageError', code: 'path' });
    expect(await rejection(readModel(undefined as never))).toMatchObject({ name: 'UsageError', code: 'path' });
  });

  it('never waits for a pipe, never opens a device', async () => {
    const dir = folder();
    execFileSync('mkfifo', [join(dir, 'model.json')]);
    expect(await rejection(readModel(dir))).toMatchObject({ code: 'model-not-a-file' });
    expect((await rejection(readModel(dir))).message).toContain('wanted a regular file, found a pipe');
    expect(await rejection(readModel('/dev/zero'))).toMatchObject({ code: 'model-not-a-file' });
    const other = modelFolder(tinyJson(), {});
    execFileSync('mkfifo', [join(other, 'weights.bin')]);
    expect(await rejection(readModel(other))).toMatchObject({ code: 'shard-not-a-file' });
  });

  it('refuses a model.json that is a folder or a loop of links', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'model.json'));
    expect((await rejection(readModel(dir))).message).toContain('found a folder');
    const loop = folder();
    symlinkSync('model.json', join(loop, 'model.json'));
    expect(await rejection(readModel(loop))).toMatchObject({ code: 'model-unreadable' });
  });

  it('names a shard that is missing or a folder', async () => {
    const dir = modelFolder(tinyJson(), {});
    const missing = await rejection(readModel(dir));
    expect(missing).toMatchObject({ code: 'shard-missing' });
    expect(missing.message).toContain('weights.bin');
    mkdirSync(join(dir, 'weights.bin'));
    expect(await rejection(readModel(dir))).toMatchObject({ code: 'shard-not-a-file' });
  });

  it.each([
    ['', 'an empty name'],
    ['../weights.bin', "'..'"],
    ['a/../../weights.bin', "'..'"],
    ['/etc/passwd', 'an absolute path'],
    ['https://example.com/w.bin', 'a URL'],
    ['file:///etc/passwd', 'a URL'],
    ['C:weights.bin', 'a URL or a drive'],
    ['..\\weights.bin', 'a backslash'],
    ['%2e%2e%2fweights.bin', 'percent-encoding'],
    ['weights.bin\0.png', 'a NUL character'],
  ])('refuses the shard path %j', async (name, fault) => {
    const error = await rejection(readModel(shard(name)));
    expect(error).toMatchObject({ name: 'InputError', code: 'shard-path' });
    expect(error.message).toContain(`(${fault}`);
  });

  it('refuses links that leave the folder and follows those that stay', async () => {
    const dir = modelFolder();
    const outside = join(folder(), 'weights.bin');
    renameSync(join(dir, 'weights.bin'), outside);
    symlinkSync(outside, join(dir, 'weights.bin'));
    expect(await rejection(readModel(dir))).toMatchObject({ code: 'shard-path' });
    const inside = modelFolder(tinyJson(), { real: tinyBytes() });
    symlinkSync('real', join(inside, 'weights.bin'));
    expect((await readModel(inside)).files[1].bytes).toBe(36);
    const linked = join(folder(), 'link');
    symlinkSync(inside, linked);
    const foreign = folder();
    symlinkSync(join(inside, 'model.json'), join(foreign, 'model.json'));
    writeFileSync(join(foreign, 'weights.bin'), tinyBytes());
    expect(await rejection(readModel(foreign))).toMatchObject({
      code: 'model-path',
      message: expect.stringContaining("model.json': wanted a file of this folder, found a link that leaves it"),
    });
    expect((await readModel(linked)).dir).toBe(linked);
  });

  it('refuses one file as two shards, by whatever name', async () => {
    const half = tinyBytes().slice(0, 18);
    const { weights } = tinyJson().weightsManifest[0];
    for (const paths of [
      ['half', 'half'],
      ['half', './half'],
      ['half', 'link'],
    ]) {
      const dir = modelFolder(withWeights(weights, paths), { half });
      symlinkSync('half', join(dir, 'link'));
      expect(await rejection(readModel(dir))).toMatchObject({ code: 'shard-duplicate' });
    }
    expect(await rejection(readModel(shard('model.json')))).toMatchObject({ code: 'shard-duplicate' });
  });

  it('names the weight that is cut off', async () => {
    const dir = modelFolder(tinyJson(), { 'weights.bin': tinyBytes().slice(0, 30) });
    const error = await rejection(readModel(dir));
    expect(error).toMatchObject({ code: 'weights-truncated' });
    expect(error.message).toContain(
      "weights.bin': weight 'fc/bias': wanted 36 bytes in all, 36 up to its end, found 30",
    );
  });

  it('refuses bytes that are too many, before it reads them', async () => {
    const dir = modelFolder(tinyJson(), { 'weights.bin': floats(...TINY_WEIGHTS, 0) });
    expect((await rejection(readModel(dir))).message).toContain('wanted 36 bytes of weights, found 40, so 4 too many');
    truncateSync(join(dir, 'weights.bin'), 2 ** 40);
    expect(await rejection(readModel(dir))).toMatchObject({ code: 'weights-trailing' });
  });

  it('does not allocate more than the machine has', async () => {
    const dir = modelFolder(withWeights([{ name: 'w', shape: [2 ** 38], dtype: 'float32' }]));
    truncateSync(join(dir, 'weights.bin'), 2 ** 40);
    expect(await rejection(readModel(dir))).toMatchObject({ code: 'weights-size' });
    expect(await rejection(readModel(modelFolder(), { maxWeightBytes: 35 }))).toMatchObject({ code: 'weights-size' });
  });

  it.each([
    ['strings that end too soon', [5, 0, 0, 0, 65], 'weights-truncated'],
    ['no room for a length', [0, 0, 0, 0, 1, 0, 0], 'weights-truncated'],
    ['a length that nothing holds', [255, 255, 255, 255, 0, 0, 0, 0], 'weights-truncated'],
    ['bytes after the last string', [0, 0, 0, 0, 0, 0, 0, 0, 9], 'weights-trailing'],
  ])('checks strings: %s', async (_, bytes, code) => {
    const json = withWeights([{ name: 's', shape: [2], dtype: 'string' }]);
    const dir = modelFolder(json, { 'weights.bin': Uint8Array.from(bytes) });
    expect(await rejection(readModel(dir))).toMatchObject({ name: 'InputError', code });
  });

  const half = (bits: number) => Uint8Array.of(0, 0x3c, bits & 255, bits >> 8);
  it.each<[string, object[], Uint8Array, string]>([
    ['NaN', tinyJson().weightsManifest[0].weights, floats(1, 2, 3, 4, 5, NaN, 0, 0, 0), 'index 5 ([1, 2])'],
    ['Inf', tinyJson().weightsManifest[0].weights, floats(1, 2, 3, 4, 5, 6, 0, -Infinity, 0), 'index 1 ([1])'],
    [
      'half NaN',
      [{ name: 'h', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } }],
      half(0x7e00),
      'index 1',
    ],
    [
      'half Inf',
      [{ name: 'h', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } }],
      half(0xfc00),
      'index 1',
    ],
    ['complex', [{ name: 'z', shape: [2], dtype: 'complex64' }], floats(1, 2, 3, NaN), 'index 1'],
    [
      'unaligned',
      [
        { name: 'b', shape: [1], dtype: 'bool' },
        { name: 'w', shape: [70_000], dtype: 'float32' },
      ],
      Uint8Array.from([1, ...floats(...new Float32Array(70_000).fill(NaN, 69_999))]),
      'index 69999',
    ],
  ])('refuses %s and tells where', async (_, weights, bytes, place) => {
    const error = await rejection(readModel(modelFolder(withWeights(weights), { 'weights.bin': bytes })));
    expect(error).toMatchObject({ name: 'InputError', code: 'weight-not-finite' });
    expect(error.message).toContain(place);
    expect(error.message).toContain("weights.bin': weight '");
  });

  it('lets quantised bytes and integers be what they are', async () => {
    const weights = [
      { name: 'q', shape: [4], dtype: 'float32', quantization: { dtype: 'uint8', scale: 1, min: 0 } },
      { name: 'i', shape: [1], dtype: 'int32' },
    ];
    const dir = modelFolder(withWeights(weights), { 'weights.bin': floats(NaN, NaN) });
    expect((await readModel(dir)).files[1].bytes).toBe(8);
  });
});
