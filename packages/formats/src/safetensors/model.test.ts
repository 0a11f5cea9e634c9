import { join } from 'node:path';
import { folder, rejection, tinyJson, TINY_WEIGHTS } from '../../testing/fixture.js';
import { readModel } from '../read-model.js';
import { writeSafetensors } from './write.js';
import { toSafetensors } from './model.js';

describe('models as safetensors', () => {
  const artifacts = {
    format: 'layers-model',
    modelTopology: tinyJson().modelTopology,
    weightSpecs: [
      { name: 'fc/kernel', shape: [2, 3], dtype: 'float32' as const },
      { name: 'fc/bias', shape: [3], dtype: 'float32' as const },
    ],
    weightData: TINY_WEIGHTS.slice().buffer,
  };

  it('a model comes back as it was', async () => {
    const path = join(folder(), 'm.safetensors');
    await writeSafetensors(path, toSafetensors(artifacts));
    const model = await readModel(path);
    expect(model).toMatchObject({ container: 'safetensors', format: 'layers-model' });
    expect(model.artifacts).toEqual(artifacts);
  });

  it('every dtype that TensorFlow.js has, quantised and not', async () => {
    const quantization = (dtype: 'uint8' | 'uint16' | 'float16') => ({ dtype, scale: 0.5, min: -1 });
    const weightSpecs = [
      { name: 'i', shape: [1], dtype: 'int32' as const },
      { name: 'z', shape: [1], dtype: 'complex64' as const },
      { name: 's', shape: [2], dtype: 'string' as const },
      ...(['uint8', 'uint16', 'float16'] as const).map((q) => ({
        name: q,
        shape: [1],
        dtype: 'float32' as const,
        quantization: quantization(q),
      })),
      { name: 'b', shape: [3], dtype: 'bool' as const },
    ];
    const weightData = Uint8Array.of(
      1,
      2,
      3,
      4,
      0,
      0,
      0,
      64,
      0,
      0,
      0,
      64,
      1,
      0,
      0,
      0,
      65,
      0,
      0,
      0,
      0,
      9,
      8,
      7,
      6,
      5,
      1,
      0,
      1,
    ).buffer;
    const model = { ...artifacts, weightSpecs, weightData };
    const path = join(folder(), 'm.safetensors');
    await writeSafetensors(path, toSafetensors(model));
    expect((await readModel(path)).artifacts).toEqual(model);
  });

  it('weights alone take the topology of a model; F64, F16 and BF16 become float32', async () => {
    const bytes = (data: { buffer: ArrayBufferLike }) => new Uint8Array(data.buffer);
    const kernel = { name: 'fc/kernel', dtype: 'F64', shape: [2, 3], bytes: bytes(Float64Array.of(1, 2, 3, 4, 5, 6)) };
    const bias = { name: 'fc/bias', dtype: 'BF16', shape: [3], bytes: bytes(Uint16Array.of(0xbf80, 0xc000, 0xc040)) };
    const path = join(folder(), 'm.safetensors');
    await writeSafetensors(path, { tensors: [kernel, bias], metadata: {} });
    expect(await rejection(readModel(path))).toMatchObject({ code: 'safetensors-topology' });
    const { artifacts: read } = await readModel(path, { topology: artifacts });
    expect(read).toEqual(artifacts);
    const half = { ...bias, dtype: 'F16', bytes: bytes(Uint16Array.of(0xbc00, 0xc000, 0xc200)) };
    await writeSafetensors(path, { tensors: [kernel, half], metadata: {} });
    expect((await readModel(path, { topology: artifacts })).artifacts).toEqual(artifacts);
    for (const [tensors, code] of [
      [[kernel], 'weights-missing'],
      [[kernel, bias, { ...bias, name: 'x' }], 'weights-extra'],
      [[{ ...kernel, shape: [3, 2] }, bias], 'weight-shape'],
      [[kernel, { ...bias, dtype: 'I16' }], 'weight-dtype'],
      [[{ ...kernel, bytes: bytes(Float64Array.of(1, NaN, 3, 4, 5, 6)) }, bias], 'weight-not-finite'],
    ] as const) {
      await writeSafetensors(path, { tensors, metadata: {} });
      expect(await rejection(readModel(path, { topology: artifacts }))).toMatchObject({ name: 'InputError', code });
    }
  });
});
