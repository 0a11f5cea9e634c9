import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, modelFolder, rejection, TINY_WEIGHTS, tinyBytes, tinyJson } from '../testing/fixture.js';
import { readModel } from './read-model.js';

const SHARED = join(__dirname, '../../../../shared/data');
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const withWeights = (weights: unknown[], paths: unknown = ['weights.bin']) => ({
  ...tinyJson(),
  weightsManifest: [{ paths, weights }],
});
/** The tiny model with one field, given by its path, replaced; undefined removes it. */
function edited(path: string, value: unknown) {
  const json: Record<string, unknown> = tinyJson();
  const keys = path.split('.');
  const last = keys.pop()!;
  let at = json;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  at[last] = value;
  return json;
}

describe('readModel', () => {
  it('reads a folder and a model.json alike', async () => {
    const dir = modelFolder();
    const model = await readModel(dir);
    expect(model).toMatchObject({ path: join(dir, 'model.json'), dir, format: 'layers-model' });
    expect(model.artifacts.modelTopology).toEqual(tinyJson().modelTopology);
    expect(model.artifacts.weightSpecs).toEqual(tinyJson().weightsManifest[0].weights);
    expect(new Float32Array(model.artifacts.weightData as ArrayBuffer)).toEqual(TINY_WEIGHTS);
    expect(model.files).toEqual([
      { path: join(dir, 'model.json'), bytes: JSON.stringify(tinyJson()).length },
      { path: join(dir, 'weights.bin'), bytes: 36 },
    ]);
    expect(await readModel(join(dir, 'model.json'))).toEqual(model);
  });

  it('carries every field that TensorFlow.js knows', async () => {
    const fields = {
      generatedBy: 'keras v2',
      convertedBy: 'converter',
      trainingConfig: { optimizer_config: { class_name: 'Adam', config: {} }, loss: 'meanSquaredError' },
      userDefinedMetadata: { a: 1 },
      signature: { inputs: {} },
      modelInitializer: { node: [] },
      initializerSignature: { outputs: {} },
    };
    const { artifacts } = await readModel(modelFolder({ ...tinyJson(), ...fields }));
    expect(artifacts).toMatchObject(fields);
  });

  it('takes null for an absent field, and a topology inside model_config', async () => {
    const json = tinyJson();
    const { artifacts } = await readModel(
      modelFolder({
        ...json,
        format: undefined,
        generatedBy: null,
        userDefinedMetadata: null,
        modelTopology: { keras_version: '2', model_config: json.modelTopology },
      }),
    );
    expect(artifacts).not.toHaveProperty('userDefinedMetadata');
    expect(artifacts).toMatchObject({ convertedBy: null, format: 'layers-model' });
  });

  it('parses a graph model', async () => {
    const json = { ...tinyJson(), format: undefined, modelTopology: { node: [], versions: {} } };
    expect((await readModel(modelFolder(json))).format).toBe('graph-model');
  });

  it('joins groups and shards in order, of every dtype', async () => {
    const quantization = (dtype: string) => ({ dtype, scale: 0.5, min: -1 });
    const json = {
      ...tinyJson(),
      weightsManifest: [
        {
          paths: ['a1', 'sub/a2'],
          weights: [
            { name: 'u8', shape: [3], dtype: 'float32', quantization: quantization('uint8') },
            { name: 'f16', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } },
            { name: 'unaligned', shape: [], dtype: 'float32', group: 'optimizer' },
          ],
        },
        {
          paths: ['./b'],
          weights: [
            { name: 'u16', shape: [1, 2], dtype: 'int32', quantization: quantization('uint16') },
            { name: 'flag', shape: [2], dtype: 'bool' },
            { name: 'z', shape: [1], dtype: 'complex64' },
            { name: 'words', shape: [2], dtype: 'string' },
            { name: 'none', shape: [0, 7], dtype: 'float32' },
            { name: 'int', shape: [1], dtype: 'int32' },
          ],
        },
        { paths: [], weights: [] },
      ],
    };
    const a = [1, 2, 3, 0x00, 0x3c, 0x00, 0x40, ...floats(1)];
    const strings = [2, 0, 0, 0, 0x68, 0x69, 0, 0, 0, 0];
    const b = [1, 0, 2, 0, 0, 1, ...floats(3, 4), ...strings, 0xff, 0xff, 0xff, 0xff];
    const dir = modelFolder(json, { a1: Uint8Array.from(a.slice(0, 4)), b: Uint8Array.from(b) });
    mkdirSync(join(dir, 'sub'));
    writeFileSync(join(dir, 'sub/a2'), Uint8Array.from(a.slice(4)));
    const { artifacts, files } = await readModel(dir);
    expect([...new Uint8Array(artifacts.weightData as ArrayBuffer)]).toEqual([...a, ...b]);
    expect(artifacts.weightSpecs!.map((spec) => spec.name)).toHaveLength(9);
    expect(artifacts.weightSpecs![2].group).toBe('optimizer');
    expect(files.map((file) => file.bytes).slice(1)).toEqual([4, a.length - 4, b.length]);
  });

  it('accepts a model without weights', async () => {
    const { artifacts } = await readModel(modelFolder({ ...tinyJson(), weightsManifest: [] }, {}));
    expect((artifacts.weightData as ArrayBuffer).byteLength).toBe(0);
  });

  (existsSync(SHARED) ? it : it.skip)('reads mlpnet-mnist (needs ../shared/data)', async () => {
    const { artifacts, files } = await readModel(join(SHARED, 'mlpnet-mnist'));
    expect(artifacts.weightSpecs!.map((spec) => spec.shape)).toEqual([
      [784, 40],
      [40, 20],
      [20, 10],
    ]);
    expect(files[1].bytes).toBe(4 * (784 * 40 + 40 * 20 + 20 * 10));
  });
});

describe('a model.json that is wrong', () => {
  const kernel = tinyJson().weightsManifest[0].weights[0];
  const spec = (fields: object) => withWeights([{ ...kernel, ...fields }]);
  const quantized = (quantization: unknown, dtype = 'float32') => spec({ dtype, quantization });
  const layers = (value: unknown) => edited('modelTopology.config.layers', value);
  const shape = (...dims: unknown[]) => spec({ shape: dims });

  it.each<[string, unknown, string, string]>([
    ['empty', '', 'json-syntax', 'line 1, column 1: wanted a value, found the end'],
    ['not JSON', '{"format": layers}', 'json-syntax', "line 1, column 12: wanted a value, found 'l'"],
    ['with a BOM', '\ufeff{}', 'json-encoding', 'found a byte-order mark'],
    ['UTF-16', Buffer.from('{}', 'utf16le'), 'json-encoding', 'found UTF-16 or UTF-32'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff]), 'json-encoding', 'an invalid byte 0xff at offset 1'],
    ['too deep', '['.repeat(1000), 'json-depth', 'at most 999 levels of nesting'],
    ['a key twice', '{"format": 1, "format": 2}', 'json-key', "found 'format' again"],
    ['an array', [], 'model-invalid', 'wanted an object with modelTopology and weightsManifest, found an empty array'],
    ['null', 'null', 'model-invalid', 'found null'],
    [
      'no topology',
      edited('modelTopology', undefined),
      'model-invalid',
      'modelTopology: wanted an object, found nothing',
    ],
    [
      'topology a string',
      edited('modelTopology', '{}'),
      'model-invalid',
      "modelTopology: wanted an object, found '{}'",
    ],
    [
      'no manifest',
      edited('weightsManifest', undefined),
      'model-invalid',
      'weightsManifest: wanted an array, found nothing',
    ],
    [
      'manifest an object',
      edited('weightsManifest', {}),
      'manifest-invalid',
      'weightsManifest: wanted an array, found an object',
    ],
    [
      'group a number',
      edited('weightsManifest', [1]),
      'manifest-invalid',
      'weightsManifest[0]: wanted an object, found 1',
    ],
    [
      'no weights',
      edited('weightsManifest', [{ paths: [] }]),
      'manifest-invalid',
      'weightsManifest[0].weights: wanted an array',
    ],
    [
      'no paths',
      edited('weightsManifest', [{ weights: [] }]),
      'manifest-invalid',
      'weightsManifest[0].paths: wanted an array',
    ],
    [
      'path a number',
      withWeights([], [7]),
      'manifest-invalid',
      'weightsManifest[0].paths[0]: wanted a file name, found 7',
    ],
    ['weight null', withWeights([null]), 'manifest-invalid', 'weights[0]: wanted an object, found null'],
    [
      'unknown format',
      edited('format', 'keras'),
      'model-format',
      "format: wanted 'layers-model' or 'graph-model', found 'keras'",
    ],
    [
      'graph without nodes',
      edited('format', 'graph-model'),
      'model-invalid',
      'modelTopology.node: wanted an array, found nothing',
    ],
    [
      'no class',
      edited('modelTopology.class_name', undefined),
      'model-layer',
      'modelTopology.class_name: wanted the name of a layer class, found nothing',
    ],
    ['class a number', edited('modelTopology.class_name', 5), 'model-layer', 'modelTopology.class_name'],
    [
      'no config',
      edited('modelTopology.config', undefined),
      'model-layer',
      'modelTopology.config: wanted an object, found nothing',
    ],
    ['layers an object', layers({}), 'model-layer', 'modelTopology.config.layers: wanted an array, found an object'],
    ['layer a string', layers(['fc']), 'model-layer', "modelTopology.config.layers[0]: wanted an object, found 'fc'"],
    ['layer without class', layers([{ config: {} }]), 'model-layer', 'modelTopology.config.layers[0].class_name'],
    ['layer without config', layers([{ class_name: 'Dense' }]), 'model-layer', 'modelTopology.config.layers[0].config'],
    [
      'wrapped layer',
      layers([{ class_name: 'TimeDistributed', config: { layer: {} } }]),
      'model-layer',
      'layers[0].config.layer.class_name',
    ],
    [
      'nested model',
      layers([{ class_name: 'Model', config: { layers: [1] } }]),
      'model-layer',
      'layers[0].config.layers[0]: wanted an object, found 1',
    ],
    ['generatedBy', edited('generatedBy', 4), 'model-invalid', 'generatedBy: wanted a string or null, found 4'],
    ['signature', edited('signature', []), 'model-invalid', 'signature: wanted an object, found an empty array'],
    [
      'training',
      edited('trainingConfig', {}),
      'model-invalid',
      'trainingConfig.optimizer_config: wanted an object, found nothing',
    ],
    [
      'name empty',
      spec({ name: '' }),
      'weight-name',
      "name: wanted a name that is neither empty nor '__proto__', found ''",
    ],
    ['name __proto__', spec({ name: '__proto__' }), 'weight-name', "found '__proto__'"],
    ['name null', spec({ name: null }), 'weight-name', 'found null'],
    [
      'name twice',
      withWeights([kernel, kernel]),
      'weight-duplicate',
      "wanted each weight once, found 'fc/kernel' twice in the manifest",
    ],
    [
      'no shape',
      spec({ shape: undefined }),
      'manifest-invalid',
      "weight 'fc/kernel': shape: wanted an array, found nothing",
    ],
    [
      'dimension negative',
      shape(-2, 3),
      'weight-shape',
      "weight 'fc/kernel': shape: wanted sizes that are whole numbers ≥ 0, found [-2, 3]",
    ],
    ['dimension fractional', shape(1.5), 'weight-shape', 'found [1.5]'],
    ['dimension a string', shape('2'), 'weight-shape', "found ['2']"],
    ['dimension null', shape(null, 3), 'weight-shape', 'found [null, 3]'],
    ['dimension too large', shape(2 ** 53), 'weight-shape', 'found [9007199254740992]'],
    [
      'product too large',
      shape(2 ** 40, 2 ** 40),
      'weight-shape',
      'wanted fewer than 2^53 values, found [1099511627776, 1099511627776]',
    ],
    ['product too large before a 0', shape(2 ** 40, 2 ** 40, 0), 'weight-shape', ''],
    ['size that nothing holds', shape(2 ** 25, 2 ** 25), 'weights-truncated', 'wanted 4503599627370496 bytes in all'],
    [
      'dtype unknown',
      spec({ dtype: 'float64' }),
      'weight-dtype',
      "dtype: wanted one of float32, int32, bool, string, complex64, found 'float64'",
    ],
    ['dtype absent', spec({ dtype: undefined }), 'weight-dtype', 'found nothing'],
    ['group unknown', spec({ group: 'x' }), 'manifest-invalid', "group: wanted 'model' or 'optimizer', found 'x'"],
    [
      'quantization a string',
      quantized('uint8'),
      'weight-quantization',
      "quantization: wanted an object, found 'uint8'",
    ],
    [
      'quantization dtype',
      quantized({ dtype: 'toString' }),
      'weight-quantization',
      "wanted a dtype of uint8, uint16, float16, found 'toString'",
    ],
    [
      'no scale',
      quantized({ dtype: 'uint8', min: 0 }),
      'weight-quantization',
      'wanted a finite scale above 0, found nothing',
    ],
    [
      'scale 0',
      quantized({ dtype: 'uint8', min: 0, scale: 0 }),
      'weight-quantization',
      'wanted a finite scale above 0, found 0',
    ],
    [
      'scale null, as NaN is saved',
      quantized({ dtype: 'uint8', min: 0, scale: null }),
      'weight-quantization',
      'found null',
    ],
    [
      'min a string',
      quantized({ dtype: 'uint8', min: '0', scale: 1 }),
      'weight-quantization',
      "wanted a finite min, found '0'",
    ],
    [
      'scale too large',
      quantized({ dtype: 'uint16', min: 0, scale: 1e38 }),
      'weight-quantization',
      'in the range of float32',
    ],
    [
      'float16 of int32',
      quantized({ dtype: 'float16' }, 'int32'),
      'weight-quantization',
      'wanted float16 for a weight of float32, found int32',
    ],
    ['quantised bool', quantized({ dtype: 'uint8', min: 0, scale: 1 }, 'bool'), 'weight-quantization', 'found bool'],
    ['infinite number', JSON.stringify(shape(7)).replace('7', '1e999'), 'json-number', "found '1e999'"],
  ])('%s', async (_, json, code, message) => {
    const dir = modelFolder(json);
    const error = await rejection(readModel(dir));
    expect(error).toMatchObject({ name: 'InputError', code });
    expect(error.message).toMatch(/model\.json|weights\.bin/);
    expect(error.message).toContain(message);
  });

  it('larger than the limit is not read', async () => {
    const dir = modelFolder();
    expect(await rejection(readModel(dir, { maxJsonBytes: 100 }))).toMatchObject({ code: 'json-size' });
    truncateSync(join(dir, 'model.json'), 2 ** 40);
    expect(await rejection(readModel(dir))).toMatchObject({ code: 'json-size' });
  });
});

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
