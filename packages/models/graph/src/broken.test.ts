import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { adaptGraph } from './index.js';
import { b64, GraphBuilder } from '../testing/build.js';
import { network } from '../testing/network.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

describe('broken graphs', () => {
  const broken = (change: (artifacts: tf.io.ModelArtifacts, nodes: { [key: string]: unknown }[]) => object | void) => {
    const artifacts = structuredClone(network());
    const { node } = artifacts.modelTopology as { node: { [key: string]: unknown }[] };
    return { ...artifacts, ...(change(artifacts, node) ?? {}) } as tf.io.ModelArtifacts;
  };
  const named = (nodes: { [key: string]: unknown }[], name: string) => nodes.find((node) => node.name === name)!;
  const shaped = (name: string, shape: number[]) =>
    broken(({ weightSpecs }) => void (weightSpecs!.find((spec) => spec.name === name)!.shape = shape));
  const declared = (attr: object) => broken((_, nodes) => void Object.assign(named(nodes, 'ka').attr as object, attr));
  const dims = (...sizes: number[]) => ({ tensorShape: { dim: sizes.map((size) => ({ size: String(size) })) } });

  test.each<[string, string, tf.io.ModelArtifacts]>([
    ['a circle', 'graph-cycle', broken((_, nodes) => void (named(nodes, 'a').input = ['sum', 'ka', 'ba']))],
    [
      'a dangling input',
      'node-connection',
      broken((_, nodes) => void (named(nodes, 'a').input = ['gone', 'ka', 'ba'])),
    ],
    ['two nodes of one name', 'node-duplicate', broken((_, nodes) => void (named(nodes, 'd').name = 'n'))],
    [
      'an output that is not there',
      'graph-output',
      broken(() => ({ signature: { outputs: { y: { name: 'gone:0' } } } })),
    ],
    ['a node without a name', 'topology-invalid', broken((_, nodes) => void (named(nodes, 'd').name = ''))],
    ['a node that is none', 'topology-invalid', broken((_, nodes) => void nodes.push(null as never))],
    ['inputs that are none', 'topology-invalid', broken((_, nodes) => void (named(nodes, 'd').input = 'n'))],
    ['no nodes at all', 'topology-invalid', broken(() => ({ modelTopology: {} }))],
    ['an empty list of nodes', 'topology-invalid', broken(() => ({ modelTopology: { node: [] } }))],
    [
      'a circle that no output waits for',
      'graph-cycle',
      broken((_, nodes) => {
        nodes.push({ name: 'p', op: 'Add', input: ['q', 'x'] }, { name: 'q', op: 'Add', input: ['p', 'x'] });
      }),
    ],
    ['a weight of another dtype than its node', 'weight-dtype', declared({ dtype: { type: 'DT_INT32' } })],
    ['a weight of another shape than its node', 'weight-shape', declared({ value: { tensor: dims(3, 3, 4, 2) } })],
    ['a kernel that wants other channels', 'weight-shape', shaped('ka', [3, 3, 4, 2])],
    ['a kernel of a matrix product that wants other inputs', 'weight-shape', shaped('kc', [3, 16])],
    ['a depthwise kernel that wants other channels', 'weight-shape', shaped('kd', [2, 1, 2, 4])],
    ['a fused bias of another size', 'weight-shape', shaped('ba', [2, 2])],
    ['a scale of another size', 'weight-shape', shaped('gamma', [2, 2])],
    ['no weights', 'weights-missing', broken(() => ({ weightData: undefined }))],
    ['a weight too few', 'weights-mismatch', broken(({ weightSpecs }) => void weightSpecs!.pop())],
    ['a weight too many', 'weights-mismatch', broken(() => extra())],
    [
      'weights that end early',
      'weights-invalid',
      broken(({ weightData }) => ({ weightData: (weightData as ArrayBuffer).slice(0, 40) })),
    ],
    [
      'two weights of one name',
      'weight-duplicate',
      broken(({ weightSpecs }) => ({ weightSpecs: [weightSpecs![0], ...weightSpecs!] })),
    ],
    ['a kernel without axes', 'weight-shape', broken(({ weightSpecs }) => void (weightSpecs![0].shape = []))],
    [
      'a kernel without entries',
      'weight-shape',
      broken(({ weightSpecs }) => void (weightSpecs![0].shape = [3, 3, 0, 4])),
    ],
  ])('%s', (_, code, artifacts) => {
    const before = tf.memory().numTensors;
    expect(() => adaptGraph(artifacts)).toThrow(expect.objectContaining({ name: 'InputError', code }));
    expect(tf.memory().numTensors).toBe(before);
  });

  test('what a node says of its weight may be said in other ways', () => {
    for (const attr of [
      { value: { tensor: { dtype: 'DT_FLOAT', ...dims(3, 3, 2, 4) } } },
      { dtype: { type: 'DT_HALF' } },
      { dtype: { type: 1 } },
      { dtype: null, value: null },
      { value: { tensor: { tensorShape: { unknownRank: true } } } },
    ]) {
      adaptGraph(declared(attr)).dispose();
    }
  });

  function extra(): object {
    const { weightSpecs, weightData } = network();
    const more = new Uint8Array(8 + (weightData as ArrayBuffer).byteLength);
    more.set(new Uint8Array(weightData as ArrayBuffer));
    return { weightSpecs: [...weightSpecs!, { name: 'extra', shape: [2], dtype: 'float32' }], weightData: more.buffer };
  }

  test.each(['NoSuchOp', 'constructor', '__proto__'])(
    '%s, which TensorFlow.js does not know, loads, and is noted',
    (op) => {
      const g = new GraphBuilder(1);
      const out = g.node(op, [g.input([-1, 2])], { T: b64('x') }, 'out');
      const model = adaptGraph(g.artifacts([out]));
      expect(model.notes.map(({ text }) => text).join()).toContain(
        `'out' is the operation '${op}', which TensorFlow.js does not have`,
      );
      expect(model.foreign).toEqual([op]);
      expect(() => model.predict(tf.ones([1, 2]))).toThrow();
      model.dispose();
    },
  );
});
