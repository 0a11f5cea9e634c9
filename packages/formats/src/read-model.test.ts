import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { floats, modelFolder, TINY_WEIGHTS, tinyJson } from '../testing/fixture.js';
import { readModel } from './read-model.js';

const SHARED = join(__dirname, '../../../../shared/data');

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
