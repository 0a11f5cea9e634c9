import { InputError } from '@espalier/core';
import { TINY_WEIGHTS, tinyBytes, tinyJson } from '../testing/fixture.js';
import { decodeModelFiles, encodeEspalier, encodeModelFiles, type NamedBytes } from './web.js';

const json = (value: unknown, name = 'model.json') => ({
  name,
  bytes: new TextEncoder().encode(JSON.stringify(value)),
});
const shard = (name = 'weights.bin', bytes = tinyBytes()) => ({ name, bytes });
const sharded = (...paths: string[]) => {
  const model = tinyJson();
  model.weightsManifest[0].paths = paths;
  return model;
};
const codeOf = (files: readonly NamedBytes[]) => {
  try {
    decodeModelFiles(files);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).code;
  }
};

test('a model.json and its shard, and what is beside them', () => {
  const model = decodeModelFiles([shard(), json(tinyJson()), shard('notes.txt')]);
  expect(model).toMatchObject({ name: 'model.json', format: 'layers-model', container: 'model.json' });
  expect(new Float32Array(model.artifacts.weightData as ArrayBuffer)).toEqual(TINY_WEIGHTS);
});

test('shards in folders, by path and by bare name, joined in the order of the manifest', () => {
  const [a, b] = [tinyBytes().slice(0, 10), tinyBytes().slice(10)];
  const model = sharded('parts/a.bin', './b.bin');
  const inPlace = [json(model, 'net/model.json'), shard('net/b.bin', b), shard('net/parts/a.bin', a)];
  const bare = [json(model), shard('b.bin', b), shard('a.bin', a)];
  for (const files of [inPlace, bare]) {
    expect(new Float32Array(decodeModelFiles(files).artifacts.weightData as ArrayBuffer)).toEqual(TINY_WEIGHTS);
  }
});

test('another name than model.json, where there is one JSON file', () => {
  expect(decodeModelFiles([json(tinyJson(), 'mine.json'), shard()]).name).toBe('mine.json');
});

test('a compact file, and what encodeModelFiles writes', () => {
  const { artifacts } = decodeModelFiles([json(tinyJson()), shard()]);
  const compact = decodeModelFiles([{ name: 'm.espalier', bytes: encodeEspalier(artifacts) }]);
  expect(compact).toMatchObject({ format: 'layers-model', container: 'espalier' });
  const files = encodeModelFiles(artifacts);
  expect(Object.keys(files)).toEqual(['model.json', 'weights.bin']);
  const again = decodeModelFiles(Object.entries(files).map(([name, bytes]) => ({ name, bytes })));
  expect(again.artifacts.weightData).toEqual(artifacts.weightData);
  expect(again.artifacts.modelTopology).toEqual(artifacts.modelTopology);
});

const NAN = Uint8Array.from(tinyBytes());
NAN.set([0, 0, 0xc0, 0x7f]);
test.each<[string, string, readonly NamedBytes[]]>([
  ['no file', 'model-missing', []],
  ['no model among them', 'model-missing', [shard(), shard('cat.png')]],
  ['two models', 'model-ambiguous', [json(tinyJson()), json(tinyJson(), 'b/model.json'), shard()]],
  ['a model.json alone', 'shard-missing', [json(tinyJson())]],
  ['a shard outside', 'shard-path', [json(sharded('../weights.bin')), shard()]],
  ['a shard twice', 'shard-duplicate', [json(sharded('weights.bin', 'weights.bin')), shard()]],
  ['model.json as its own shard', 'shard-duplicate', [json(sharded('model.json')), shard()]],
  ['a shard cut off', 'weights-truncated', [json(tinyJson()), shard('weights.bin', tinyBytes().slice(1))]],
  ['a shard too long', 'weights-trailing', [json(tinyJson()), shard('weights.bin', new Uint8Array(40))]],
  ['a NaN', 'weight-not-finite', [json(tinyJson()), shard('weights.bin', NAN)]],
  ['no JSON inside', 'json-syntax', [{ name: 'model.json', bytes: new TextEncoder().encode('<html>') }, shard()]],
  ['another JSON', 'model-invalid', [json({ a: 1 }), shard()]],
  ['a damaged compact file', 'compact-magic', [{ name: 'm.espalier', bytes: new Uint8Array(64) }]],
])('%s is refused', (_, code, files) => {
  expect(codeOf(files)).toBe(code);
});
