import { describeAdapter } from '@espalier/conformance';
import { type Batch, bitsFrom, memoryPlan } from '@espalier/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { type AdaptOptions, adaptLayers, type LayersPrunable, loadLayersModel } from './index.js';
import { chain, functional, L, sequential, type Symbolic } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

const batchOf = (shape: number[]) => (): Batch => ({
  x: tf.randomUniform([3, ...shape], -1, 1, 'float32', 5),
  y: tf.tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]),
});

function subject(make: () => LayersPrunable | Promise<LayersPrunable>, shape: number[], options?: AdaptOptions) {
  return {
    make,
    batch: batchOf(shape),
    open: async (artifacts: tf.io.ModelArtifacts) => adaptLayers(await loadLayersModel(artifacts), options),
  };
}

const perceptron = () =>
  sequential(
    L.dense({ units: 5, activation: 'tanh', inputShape: [4], name: 'fc1' }),
    L.dropout({ rate: 0.5 }),
    L.dense({ units: 3, activation: 'softmax', name: 'fc2' }),
  );
describeAdapter(
  'a Sequential',
  subject(() => adaptLayers(perceptron()), [4]),
);
describeAdapter(
  'a smaller Sequential',
  subject(async () => {
    const model = adaptLayers(perceptron());
    const smaller = await model.shrink(memoryPlan({ units: { fc1: bitsFrom(5, (i) => i > 0) } }));
    model.dispose();
    return smaller;
  }, [4]),
);

/** Pictures of any size, a nested model, a branch, batch norm, a shared layer; logits. */
function residual(): tfl.LayersModel {
  const x = tfl.input({ shape: [null, null, 2] });
  const conv = (name: string) => L.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'tanh', name });
  const inner = tfl.sequential({
    name: 'inner',
    layers: [
      L.depthwiseConv2d({ inputShape: [null, null, 4], kernelSize: 2, padding: 'same', name: 'dw' }),
      L.conv2d({ filters: 4, kernelSize: 1, name: 'pw' }),
    ],
  });
  const stem = chain(x, conv('stem'), L.batchNormalization({ name: 'bn' }));
  const sum = L.add({ name: 'sum' }).apply([stem, chain(stem, inner)]) as Symbolic;
  return functional(x, chain(sum, L.globalAveragePooling2d({}), L.dense({ units: 3, name: 'out' })));
}
const loss = { loss: 'softmaxCrossEntropy' };
describeAdapter(
  'a Functional model of open sizes',
  subject(() => adaptLayers(residual(), loss), [4, 4, 2], loss),
);

/** Two heads, of which one is looked at. */
function heads(): tfl.LayersModel {
  const x = tfl.input({ shape: [4] });
  const body = chain(x, L.dense({ units: 4, activation: 'tanh', name: 'body' }));
  const side = chain(body, L.dense({ units: 2, name: 'side' }));
  return functional(x, [side, chain(body, L.dense({ units: 3, activation: 'softmax', name: 'main' }))]);
}
const main = { output: 'main' };
describeAdapter('one of two outputs', {
  ...subject(() => adaptLayers(heads(), main), [4], main),
  // The loss of one output does not reach the head of the other.
  except: ['has a gradient of the right shape for every trainable weight'],
});

test('an output is chosen by the name of its layer; of several, one has to be', () => {
  const model = heads();
  const x = tf.ones([1, 4]);
  const shapeOf = (output?: string) => {
    const y = adaptLayers(model, output === undefined ? {} : { output }).predict(x);
    y.dispose();
    return y.shape;
  };
  expect([shapeOf('main'), shapeOf('side')]).toEqual([
    [1, 3],
    [1, 2],
  ]);
  expect(() => shapeOf()).toThrow(expect.objectContaining({ code: 'model-outputs' }));
  expect(() => shapeOf('other')).toThrow(
    expect.objectContaining({ code: 'output-unknown', wanted: "one of 'side', 'main'" }),
  );
  const seen = adaptLayers(model, { output: 'side' });
  expect([seen.output, seen.signature.outputs.map(({ name }) => name)]).toEqual(['linear', ['side']]);
  const other = seen.with({ output: 'main' });
  expect([other.output, other.loss]).toEqual(['probabilities', 'categoricalCrossentropy']);
  x.dispose();
  model.dispose();
});

test.each<[end: string, layers: () => tfl.layers.Layer[], output: string]>([
  ['a dense layer', () => [L.dense({ units: 3 })], 'linear'],
  [
    'one behind which values are handed on',
    () => [L.dense({ units: 3 }), L.dropout({ rate: 0.5 }), L.reshape({ targetShape: [3, 1] })],
    'linear',
  ],
  ['a batch norm', () => [L.dense({ units: 3 }), L.batchNormalization()], 'linear'],
  ['a nested model', () => [tfl.sequential({ layers: [L.dense({ units: 3, inputShape: [4] })] })], 'linear'],
  ['an activation', () => [L.dense({ units: 3, activation: 'relu' })], 'other'],
  ['a layer that is an activation', () => [L.dense({ units: 3 }), L.reLU()], 'other'],
  ['an activation, handed on', () => [L.dense({ units: 3, activation: 'tanh' }), L.dropout({ rate: 0.5 })], 'other'],
  [
    'a largest value',
    () => [L.dense({ units: 6 }), L.reshape({ targetShape: [2, 3] }), L.globalMaxPooling1d({})],
    'other',
  ],
  ['no sum at all', () => [L.reshape({ targetShape: [2, 2] })], 'other'],
])('%s: whether logits may be behind it', (_end, layers, output) => {
  const model = sequential(L.activation({ activation: 'linear', inputShape: [4] }), ...layers());
  expect(adaptLayers(model).output).toBe(output);
  model.dispose();
});

test('an input shape says the sizes that are open, in nested models too; one that no layer can take is refused', () => {
  const model = adaptLayers(residual());
  const seen = model.with({ inputShape: [1, 6, 5, 2] });
  const rowOf = ({ describe }: LayersPrunable, wanted: string) => describe().find(({ name }) => name === wanted);
  expect(rowOf(model, 'inner/dw')).toMatchObject({ outputShape: [null, null, null, 4], macs: null });
  expect(rowOf(seen, 'inner/dw')).toMatchObject({ outputShape: [null, 6, 5, 4], macs: 16 * 30 });
  expect(rowOf(seen.withLoss('meanSquaredError'), 'stem')).toMatchObject({ macs: 72 * 30 });
  model.dispose();
  const x = tfl.input({ shape: [null, null, 1] });
  const halved = chain(
    x,
    L.conv2d({ filters: 1, kernelSize: 3, name: 'c' }),
    L.maxPooling2d({ poolSize: 2 }),
    L.upSampling2d({}),
  );
  const picky = functional(x, L.add({ name: 'sum' }).apply([x, chain(halved, L.zeroPadding2d({}))]) as Symbolic);
  const at = (height: number) => () => adaptLayers(picky, { inputShape: [1, height, 4, 1] }).params[0].uses;
  expect(at(6)()).toBe(8);
  expect(at(2)).toThrow(expect.objectContaining({ code: 'input-shape', where: 'c' }));
  expect(at(7)).toThrow(expect.objectContaining({ code: 'input-shape', where: 'sum' }));
  picky.dispose();
});
