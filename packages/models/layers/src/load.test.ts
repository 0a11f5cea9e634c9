import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers, loadLayersModel, toArtifacts } from './index.js';
import { bytesOf, dense, inputsFor, L, relativeDifference, sequential } from '../testing/build.js';
import { type Json, chainModel, graphModel, saved } from '../testing/saved.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

describe('what is saved is loaded, to the bit, and nothing leaks', () => {
  test.each<[string, () => tfl.LayersModel]>([
    ['a chain', chainModel],
    ['a graph with a nested model', graphModel],
    [
      'recurrent layers and wrappers',
      () =>
        sequential(
          L.embedding({ inputDim: 5, outputDim: 3, inputLength: 4 }),
          L.timeDistributed({ layer: dense('inner', 3) }),
          L.bidirectional({
            layer: L.gru({ units: 2, recurrentInitializer: 'zeros', returnSequences: true }) as tfl.RNN,
            mergeMode: 'concat',
          }),
          L.lstm({ units: 2, recurrentInitializer: 'zeros' }),
        ),
    ],
    [
      'what TensorFlow.js forgets to save',
      () =>
        sequential(
          L.separableConv2d({
            inputShape: [4, 4, 2],
            filters: 2,
            kernelSize: 2,
            depthMultiplier: 3,
            depthwiseRegularizer: 'l1l2',
          }),
          L.depthwiseConv2d({
            kernelSize: 2,
            depthwiseRegularizer: 'l1l2',
            depthwiseConstraint: tfl.constraints.maxNorm({ maxValue: 9, axis: 0 }),
          }),
        ),
    ],
  ])('%s', async (_name, make) => {
    const model = make();
    const bytes = await bytesOf(model);
    const artifacts = await saved(model);
    const stock = await tfl.loadLayersModel({ load: async () => artifacts });
    const tensors = tf.memory().numTensors;
    const loaded = await loadLayersModel(artifacts);
    expect(await bytesOf(loaded)).toEqual(bytes);
    expect((await toArtifacts(loaded)).weightData).toEqual(artifacts.weightData);
    const topologies = await Promise.all([adaptLayers(loaded), stock].map(toArtifacts));
    expect(topologies[0].modelTopology).toEqual(topologies[1].modelTopology);
    const x = tf.tidy(() => inputsFor(model).map((t) => tf.abs(t)));
    const outputs = [model, loaded, stock].map((m) => [m.predict(x)].flat());
    for (const [i, output] of outputs[0].entries()) {
      expect(await relativeDifference(outputs[1][i], output)).toBe(0);
      expect(await relativeDifference(outputs[2][i], output)).toBeLessThan(1e-6);
    }
    tf.dispose([x, outputs]);
    adaptLayers(loaded).dispose();
    expect(tf.memory().numTensors).toBe(tensors);
    for (const m of [stock, model]) m.dispose();
  });

  test('metadata comes along, constraints leave the weights alone, optimizers are left out', async () => {
    const model = sequential(
      dense('d', 2, { inputShape: [3], kernelConstraint: tfl.constraints.unitNorm({ axis: 0 }) }),
    );
    model.setUserDefinedMetadata({ author: 'somebody' });
    const artifacts = await saved(model);
    artifacts.trainingConfig = { optimizer_config: { class_name: 'Nonsense', config: {} }, loss: 'x', metrics: [] };
    artifacts.weightSpecs.push({ name: 'd/kernel/m', shape: [1], dtype: 'float32', group: 'optimizer' });
    artifacts.weightData = new Uint8Array([...new Uint8Array(artifacts.weightData), 0, 0, 0, 0]).buffer;
    const tensors = tf.memory().numTensors;
    const loaded = await loadLayersModel(artifacts);
    expect(tf.memory().numTensors).toBe(tensors + 2);
    expect(loaded.getUserDefinedMetadata()).toEqual({ author: 'somebody' });
    expect(await bytesOf(loaded)).toEqual(await bytesOf(model));
    for (const m of [model, loaded]) m.dispose();
  });

  test('weights in several buffers, quantised weights', async () => {
    const model = sequential(dense('d', 2, { inputShape: [2] }));
    const artifacts = await saved(model);
    const whole: ArrayBuffer = artifacts.weightData;
    const parts = await loadLayersModel({ ...artifacts, weightData: [whole.slice(0, 10), whole.slice(10)] } as never);
    expect(await bytesOf(parts)).toEqual(await bytesOf(model));
    artifacts.weightSpecs[0].quantization = { dtype: 'uint8', scale: 0.5, min: -1 };
    const quantised = new Uint8Array([0, 1, 2, 6, ...new Uint8Array(whole.slice(16))]).buffer;
    const small = await loadLayersModel({ ...artifacts, weightData: quantised } as never);
    expect(Array.from(await small.weights[0].read().data())).toEqual([-1, -0.5, 0, 2]);
    for (const m of [model, parts, small]) m.dispose();
  });
});

describe('other spellings', () => {
  test.each([
    ["the cell's name inside", (name: string) => name.replace('d/', 'd/cell/')],
    ["the model's name in front", (name: string) => `sequential/${name}`],
  ])('%s', async (_name, spell) => {
    const model = chainModel();
    const artifacts = await saved(model);
    for (const spec of artifacts.weightSpecs) spec.name = spell(spec.name);
    const loaded = await loadLayersModel(artifacts);
    expect(await bytesOf(loaded)).toEqual(await bytesOf(model));
    for (const m of [model, loaded]) m.dispose();
  });

  test('a topology of Keras 3', async () => {
    const model = graphModel();
    const artifacts = await saved(model);
    const rewrite = (layers: Json[]) => {
      for (const layer of layers) {
        const { config } = layer;
        if (layer.class_name === 'Sequential') rewrite(config.layers);
        if (config.batch_input_shape) {
          config.batch_shape = config.batch_input_shape;
          delete config.batch_input_shape;
        }
        config.dtype = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' } };
        layer.inbound_nodes = layer.inbound_nodes?.map((node: Json[]) => {
          const tensors = node.map(([name, at, index]) => ({
            class_name: '__keras_tensor__',
            config: { shape: [null, 3], dtype: 'float32', keras_history: [name, at, index] },
          }));
          return { args: tensors.length > 1 ? [tensors] : tensors, kwargs: { mask: null } };
        });
      }
    };
    const { config } = artifacts.modelTopology;
    rewrite(config.layers);
    config.input_layers = config.input_layers[0];
    const loaded = await loadLayersModel(artifacts);
    expect(await bytesOf(loaded)).toEqual(await bytesOf(model));
    for (const m of [model, loaded]) m.dispose();
  });
});
