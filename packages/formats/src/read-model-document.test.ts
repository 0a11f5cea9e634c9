import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { modelFolder, rejection, tinyJson, withWeights } from '../testing/fixture.js';
import { readModel } from './read-model.js';

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
