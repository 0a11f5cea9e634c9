import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { folder, tinyJson } from '../testing/fixture.js';
import {
  decodeEspalier,
  decodeModelFiles,
  encodeEspalier,
  encodeModelFiles,
  espalier,
  EspalierDecoder,
  fileIO,
  fromSafetensors,
  readModel,
  readSafetensors,
  toSafetensors,
  VALUES_OPTIONS,
  writeEspalier,
  writeModel,
  writeSafetensors,
} from './index.js';

const half = { dtype: 'float16' as const, scale: 1, min: 0 };
const byte = { dtype: 'uint8' as const, scale: 0.5, min: -1 };

/** Scalars and tensors without elements of every dtype that a model.json may have. */
const SPECS: io.WeightsManifestEntry[] = [
  { name: 'empty first', shape: [0], dtype: 'float32' },
  { name: 'scalar', shape: [], dtype: 'float32' },
  { name: 'no rows', shape: [0, 5], dtype: 'float32' },
  { name: 'no columns', shape: [5, 0], dtype: 'float32' },
  { name: 'nothing between', shape: [3, 0, 2], dtype: 'float32' },
  { name: 'one of one', shape: [1, 1, 1, 1], dtype: 'float32' },
  { name: 'minus zero', shape: [], dtype: 'float32' },
  { name: 'count', shape: [], dtype: 'int32' },
  { name: 'no counts', shape: [0], dtype: 'int32' },
  { name: 'flag', shape: [], dtype: 'bool' },
  { name: 'no flags', shape: [0], dtype: 'bool' },
  { name: 'half', shape: [], dtype: 'float32', quantization: half },
  { name: 'no halves', shape: [0, 3], dtype: 'float32', quantization: half },
  { name: 'step', shape: [], dtype: 'float32', quantization: byte },
  { name: 'no steps', shape: [0], dtype: 'int32', quantization: byte },
  { name: 'wave', shape: [], dtype: 'complex64' },
  { name: 'no waves', shape: [0], dtype: 'complex64' },
  { name: 'pair', shape: [2], dtype: 'float32' },
];
const STRINGS: io.WeightsManifestEntry[] = [
  { name: 'word', shape: [], dtype: 'string' },
  { name: 'no words', shape: [0, 2], dtype: 'string' },
];
const { modelTopology } = tinyJson();
const bytes = (list: ArrayBufferView[]) =>
  Uint8Array.from(list.flatMap((view) => [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)]));
const DATA = bytes([
  Float32Array.of(1.5, -3, -0),
  Int32Array.of(-7),
  Uint8Array.of(1),
  Uint16Array.of(0x3c00),
  Uint8Array.of(9),
  Float32Array.of(0.25, -0.5, 4, 5),
]);
const artifacts: io.ModelArtifacts = {
  format: 'layers-model',
  modelTopology,
  weightSpecs: SPECS,
  weightData: DATA.buffer as ArrayBuffer,
};
const withStrings: io.ModelArtifacts = {
  ...artifacts,
  weightSpecs: [...SPECS, ...STRINGS],
  weightData: Uint8Array.from([...DATA, 2, 0, 0, 0, 104, 105]).buffer,
};
const onlyEmpty: io.ModelArtifacts = {
  ...artifacts,
  weightSpecs: SPECS.filter(({ shape }) => shape.includes(0)),
  weightData: new ArrayBuffer(0),
};
const noWeights: io.ModelArtifacts = { ...artifacts, weightSpecs: [], weightData: new ArrayBuffer(0) };

const CASES: [string, io.ModelArtifacts][] = [
  ['scalars and empty tensors', artifacts],
  ['with strings', withStrings],
  ['nothing but empty tensors', onlyEmpty],
  ['no weights', noWeights],
];

describe.each(CASES)('%s', (_, model) => {
  const same = (found: io.ModelArtifacts) => {
    expect(found.weightSpecs).toEqual(model.weightSpecs);
    expect(new Uint8Array(found.weightData as ArrayBuffer)).toEqual(new Uint8Array(model.weightData as ArrayBuffer));
  };

  it('model.json, also in shards of a byte', async () => {
    for (const shardBytes of [1, 3, 2 ** 22]) {
      const dir = folder();
      await writeModel(dir, model, { shardBytes });
      same((await readModel(dir)).artifacts);
      same((await fileIO(dir).load!()) as io.ModelArtifacts);
      const files = readdirSync(dir).map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(dir, name))) }));
      same(decodeModelFiles(files).artifacts);
    }
  });

  it('files in memory', async () => {
    const files = Object.entries(encodeModelFiles(model)).map(([name, bytes]) => ({ name, bytes }));
    same(decodeModelFiles(files).artifacts);
  });

  it.each(VALUES_OPTIONS)('a compact file, values as %s', async (values) => {
    const path = join(folder(), 'm.espalier');
    await writeEspalier(path, model, { values });
    const found = (await readModel(path)).artifacts;
    // What float16 and steps can hold, and what they leave alone, is exact here.
    if (values === 'float32') same(found);
    expect(found.weightSpecs).toEqual(model.weightSpecs);
    expect((found.weightData as ArrayBuffer).byteLength).toBe((model.weightData as ArrayBuffer).byteLength);
    const decoder = new EspalierDecoder();
    for (const one of new Uint8Array(readFileSync(path))) decoder.push(Uint8Array.of(one));
    expect(decoder.finish()).toEqual(found);
    expect(await espalier(path).load!()).toEqual(found);
  });
});

it('safetensors carry all but strings and complex numbers', async () => {
  const kept = SPECS.filter(({ dtype }) => dtype !== 'complex64');
  const data = Uint8Array.from([...DATA.subarray(0, DATA.length - 16), ...DATA.subarray(DATA.length - 8)]);
  const model = { ...artifacts, weightSpecs: kept, weightData: data.buffer };
  const path = join(folder(), 'm.safetensors');
  for (const options of [{}, { shardBytes: 4 }]) {
    const files = await writeSafetensors(path, toSafetensors(model), options);
    const main = files.find((file) => file.path.endsWith('.json'))?.path ?? path;
    const read = await readSafetensors(main);
    const found = fromSafetensors(read, basename(main));
    expect(found.weightSpecs!.map(({ name, shape }) => ({ name, shape }))).toEqual(
      kept.map(({ name, shape }) => ({ name, shape })),
    );
    expect(new Uint8Array(found.weightData as ArrayBuffer)).toEqual(data);
    expect((await readModel(main)).artifacts.weightSpecs).toEqual(found.weightSpecs);
  }
});

describe('at the same time', () => {
  const large: io.ModelArtifacts = {
    ...artifacts,
    weightSpecs: [{ name: 'w', shape: [64, 64], dtype: 'float32' }],
    weightData: Float32Array.from({ length: 4096 }, (_, i) => (i % 5 ? 0 : i)).buffer,
  };
  const others = Array.from({ length: 8 }, (_, i) => i);
  const isLarge = (buffer: ArrayBuffer) => Buffer.from(buffer).equals(Buffer.from(large.weightData as ArrayBuffer));
  const check = (all: (io.ModelArtifacts | { artifacts: io.ModelArtifacts })[]) => {
    const buffers = all.map((one) => ('artifacts' in one ? one.artifacts : one).weightData as ArrayBuffer);
    for (const buffer of buffers) expect(isLarge(buffer)).toBe(true);
    // Everyone owns what was read.
    new Uint8Array(buffers[0]).fill(1);
    expect(isLarge(buffers[1])).toBe(true);
  };

  it('one file is read by many, and one handler loads many times', async () => {
    const dir = folder();
    const path = join(dir, 'm.espalier');
    await writeModel(dir, large, { shardBytes: 1000 });
    await writeEspalier(path, large);
    check(await Promise.all(others.map(() => readModel(dir))));
    check(await Promise.all(others.map(() => readModel(path))));
    const tensors = join(dir, 'm.safetensors');
    await writeSafetensors(tensors, toSafetensors(large));
    check(await Promise.all(others.map(() => readModel(tensors))));
    const memory = { bytes: encodeEspalier(large) };
    const blob = new Blob([encodeEspalier(large).slice()]);
    for (const handler of [fileIO(dir), espalier(path), espalier(memory), espalier(memory.bytes), espalier(blob)]) {
      check((await Promise.all(others.map(() => handler.load!()))) as io.ModelArtifacts[]);
    }
    expect(decodeEspalier(memory.bytes).weightData).toEqual(large.weightData);
  });

  it('one handler that saves many times leaves one whole model, in a folder and in a file', async () => {
    const dir = folder();
    const path = join(dir, 'm.espalier');
    const versions = others.map((i) => ({ ...large, weightData: new Float32Array(4096).fill(i + 1).buffer }));
    for (const handler of [fileIO(join(dir, 'model')), espalier(path)]) {
      await Promise.all(versions.map((version) => handler.save!(version)));
      const found = new Float32Array(((await handler.load!()) as io.ModelArtifacts).weightData as ArrayBuffer);
      expect(found.every((value) => value === found[0] && value >= 1 && value <= 8)).toBe(true);
    }
    expect(readdirSync(join(dir, 'model')).length).toBe(2);
    expect(readdirSync(dir).sort()).toEqual(['m.espalier', 'model']);
  });

  it('readers beside a writer see the old model or the new one', async () => {
    const path = join(folder(), 'm.espalier');
    await writeEspalier(path, large);
    const writes = others.map((i) =>
      writeEspalier(path, { ...large, weightData: new Float32Array(4096).fill(i).buffer }),
    );
    const reads = await Promise.all(others.map(() => readModel(path)));
    await Promise.all(writes);
    for (const { artifacts: found } of reads) expect((found.weightData as ArrayBuffer).byteLength).toBe(16384);
  });
});
