import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { largestAllocation } from '../../../formats/testing/hostile/allocations.js';
import { connect } from './connections.js';
import { adaptLayers, loadLayersModel } from './index.js';
import { dense, type Layer, sequential } from '../testing/build.js';
import { type Json, type Editable, chainModel, graphModel, saved } from '../testing/saved.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

describe('bad input is named, and nothing is left behind', () => {
  const layersOf = (a: Editable): Json[] => a.modelTopology.config.layers;
  test.each<[string, (a: Editable) => void, string, string]>([
    ['graph model', (a) => (a.format = 'graph-model'), 'graph-model', 'adaptGraph'],
    ['a graph that does not say so', (a) => (a.modelTopology = { node: [] }), 'graph-model', 'adaptGraph'],
    ['unknown class', (a) => (layersOf(a)[1].class_name = 'Warp'), 'layer-unknown', "'bn' is of the class 'Warp'"],
    ['Lambda', (a) => (layersOf(a)[1].class_name = 'Lambda'), 'layer-unknown', 'Python'],
    ['a class called constructor', (a) => (layersOf(a)[1].class_name = 'constructor'), 'layer-unknown', 'constructor'],
    ['no topology', (a) => delete a.modelTopology, 'topology-invalid', 'modelTopology'],
    ['a topology that is no model', (a) => (a.modelTopology.class_name = 'Dense'), 'topology-invalid', "'Dense'"],
    ['no layers', (a) => delete a.modelTopology.config.layers, 'topology-invalid', 'config.layers'],
    ['a layer that is none', (a) => (layersOf(a)[1] = null), 'topology-invalid', 'config.layers[1]'],
    ['empty', (a) => (a.modelTopology.config.layers = []), 'model-empty', 'no layers'],
    ['nonsense', (a) => (layersOf(a)[3].config.units = 'wide'), 'topology-invalid', 'wide'],
    ['units below zero', (a) => (layersOf(a)[3].config.units = -2), 'topology-invalid', '-2'],
    ['no weights', (a) => delete a.weightData, 'weights-missing', '8 weights'],
    ['missing weight', (a) => a.weightSpecs.pop(), 'weights-mismatch', "missing 'bn/moving_variance'"],
    ['foreign weight', (a) => (a.weightSpecs[0].name = 'z'), 'weights-mismatch', "not in the topology 'z'"],
    ['the same weight twice', (a) => (a.weightSpecs[1].name = 'c/x/kernel'), 'weights-mismatch', "'c/x/kernel'"],
    ['wrong shape', (a) => (a.weightSpecs[0].shape = [3, 3, 2, 1]), 'weight-shape', '[3, 3, 2, 1]'],
    ['wrong type', (a) => (a.weightSpecs[1].dtype = 'int32'), 'weight-shape', 'int32'],
    ['a weight without an axis', (a) => (a.weightSpecs[1].shape = []), 'weight-shape', "'c/bias'"],
    ['a weight without values', (a) => (a.weightSpecs[1].shape = [0]), 'weight-shape', '[0] float32'],
    ['a name twice', (a) => (layersOf(a)[2].config.name = 'bn'), 'layer-duplicate', "are called 'bn'"],
    [
      'an input without channels',
      (a) => (layersOf(a)[0].config.batch_input_shape = [null, 4, 4, 0]),
      'weight-empty',
      "'c/kernel' has no values",
    ],
    ['too few bytes', (a) => (a.weightData = a.weightData.slice(0, 20)), 'weights-invalid', 'cannot be read'],
  ])('%s', async (_name, change, code, message) => {
    const model = chainModel();
    const artifacts = await saved(model);
    model.dispose();
    change(artifacts);
    const tensors = tf.memory().numTensors;
    await expect(loadLayersModel(artifacts as never)).rejects.toMatchObject({
      name: 'InputError',
      code,
      message: expect.stringContaining(message),
    });
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('a model of models', async () => {
    const start = tf.memory().numTensors;
    const part = (name: string, ...inside: Layer[]) =>
      tfl.sequential({ layers: [dense(name, 2, { inputShape: [2] }), ...inside] });
    const model = sequential(part('a', dense('b', 2)), part('c', part('d')));
    const artifacts = await saved(model);
    adaptLayers(model).dispose();
    expect(tf.memory().numTensors).toBe(start);
    artifacts.weightSpecs.pop();
    const tensors = tf.memory().numTensors;
    await expect(loadLayersModel(artifacts as never)).rejects.toMatchObject({ code: 'weights-mismatch' });
    expect(tf.memory().numTensors).toBe(tensors);
  });

  const activation = (name: string, input?: string): Json => ({
    class_name: input === undefined ? 'InputLayer' : 'Activation',
    name,
    config: input === undefined ? { name, batch_input_shape: [null, 2], sparse: false } : { name, activation: 'relu' },
    inbound_nodes: input === undefined ? [] : [[[input, 0, 0, {}]]],
  });
  const ofLayers = (layers: Json[], input: string, output: string): Json => ({
    modelTopology: {
      class_name: 'Model',
      config: { name: 'm', layers, input_layers: [[input, 0, 0]], output_layers: [[output, 0, 0]] },
    },
    weightSpecs: [],
    weightData: new ArrayBuffer(0),
  });

  test('layers that are listed backwards take no longer', async () => {
    const chained = Array.from({ length: 600 }, (_, i) => activation(`a${i}`, i === 0 ? undefined : `a${i - 1}`));
    const model = await loadLayersModel(ofLayers([...chained].reverse(), 'a0', 'a599'));
    expect(model.layers.map(({ name }) => name)).toEqual(chained.map(({ name }) => name));
    model.dispose();
    // Left to itself, TensorFlow.js would go through all of them once for each.
    const long = Array.from({ length: 30_000 }, (_, i) => activation(`a${i}`, i === 0 ? undefined : `a${i - 1}`));
    const file = ofLayers([...long].reverse(), 'a0', 'a29999').modelTopology;
    expect(connect(file, file.config.layers, 'm').map(({ name }) => name)).toEqual(long.map(({ name }) => name));
    expect(connect(file, long, 'm')).toBe(long);
  });

  test.each(['__proto__', 'constructor', 'toString'])('a layer called %s is no prototype', async (name) => {
    await expect(
      loadLayersModel(ofLayers([activation('x'), activation(name, 'x'), activation('y', name)], 'x', 'y')),
    ).rejects.toMatchObject({ name: 'InputError', code: 'layer-name', message: expect.stringContaining(name) });
  });

  test.each<[string, Json, string]>([
    ['Dense', { name: 'big', units: 2 ** 28, batch_input_shape: [null, 2] }, "'big/kernel'"],
    ['Embedding', { name: 'big', input_dim: 2 ** 28, output_dim: 3, batch_input_shape: [null, 2] }, "'big/embeddings'"],
    ['SimpleRNN', { name: 'big', units: 2, stateful: true, batch_input_shape: [2 ** 27, 2, 2] }, 'values'],
  ])('%s of weights that no file brings is refused before they are made', async (class_name, config, message) => {
    const topology = { class_name: 'Sequential', config: { name: 's', layers: [{ class_name, config }] } };
    let error: Json;
    const largest = await largestAllocation(() =>
      loadLayersModel({
        modelTopology: topology as object,
        weightSpecs: [{ name: 'big/kernel', shape: [2, 3], dtype: 'float32' }],
        weightData: new ArrayBuffer(24),
      }).catch((reason) => (error = reason)),
    );
    expect(error).toMatchObject({ name: 'InputError', code: 'weight-shape' });
    expect(error.message).toContain(message);
    if (class_name !== 'SimpleRNN') expect(largest).toBeLessThan(2 ** 26);
  });

  // TensorFlow.js would look for these forever.
  test.each<[string, (layers: Json[], config: Json) => void, string]>([
    [
      'a layer that is not there',
      (l) => (l[1].inbound_nodes[0][0][0] = 'ghost'),
      "'a_1' in 'modelTopology' is connected to 'ghost'",
    ],
    ['two layers of one name', (l) => (l[2].name = l[2].config.name = 'a_1'), "are called 'a_1'"],
    ['a call that is not made', (l) => (l[1].inbound_nodes[0][0][1] = 1), "connected to 'in_put'"],
    ['a cycle', (l) => (l[1].inbound_nodes[0][0][0] = 'sum'), "connected to 'sum'"],
    ['an output that is not there', (_, config) => (config.output_layers[0][0] = 'ghost'), "connected to 'ghost'"],
    ['connections that are none', (l) => (l[1].inbound_nodes[0] = 3), "connections of 'a_1'"],
  ])('connections: %s', async (_name, change, message) => {
    const model = graphModel();
    const artifacts = await saved(model);
    delete artifacts.modelTopology.config.name;
    change(artifacts.modelTopology.config.layers, artifacts.modelTopology.config);
    const tensors = tf.memory().numTensors;
    await expect(loadLayersModel(artifacts as never)).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringContaining(message),
    });
    expect(tf.memory().numTensors).toBe(tensors);
    model.dispose();
  });
});
