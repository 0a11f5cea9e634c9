import { sizeOf } from '@espalier/core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { type Accelerable, accelerate, type AcceleratedLayer } from '../index.js';
import { distance, values } from './weights.js';

/** A saved network and the shape of a batch for it. */
export interface Net {
  readonly artifacts: tf.io.ModelArtifacts;
  readonly shape: number[];
}

export interface NetOutcome {
  /** max|a − b| / max|b| of its predictions against cpu: on TensorFlow.js's kernels, accelerated, and after `dispose()`. */
  readonly stock: number;
  readonly accelerated: number;
  readonly undone: number;
  /** What each weight ran on while accelerated. */
  readonly layers: readonly AcceleratedLayer[];
  /** Tensors, and bytes of the device, that are left: after `dispose()`, and after the model is disposed too. */
  readonly left: { readonly tensors: number; readonly bytes: number; readonly afterModel: number };
}

interface Model extends Accelerable {
  dispose(): unknown;
}

interface Running {
  readonly model: Model;
  /** What every layer makes of x, so that a softmax at the end hides nothing. */
  run(x: tf.Tensor): tf.Tensor[];
}

async function start({ artifacts }: Net): Promise<Running> {
  const handler = { load: async () => artifacts };
  if (artifacts.format !== 'graph-model') {
    const model = await tfl.loadLayersModel(handler);
    const outputs = model.layers.slice(1).map((layer) => layer.output as tfl.SymbolicTensor);
    const all = tfl.model({ inputs: model.inputs, outputs });
    return { model, run: (x) => [all.predict(x)].flat() };
  }
  const model = await loadGraphModel(handler);
  const { node } = artifacts.modelTopology as { node: readonly { name: string; op: string }[] };
  const outputs = node.filter(({ op }) => /Conv2[Dd]|MatMul/.test(op)).map(({ name }) => name);
  return { model, run: (x) => [model.execute(x, outputs)].flat() };
}

/** A whole network on webgpu, with `kernel` wherever it fits, against the same on cpu. */
export async function checkNet(net: Net, kernel: string): Promise<NetOutcome> {
  const size = sizeOf(net.shape);
  async function predict({ run }: Running): Promise<Float32Array[]> {
    const outputs = tf.tidy(() => run(tf.tensor(values(size, 11), net.shape)));
    const data = await Promise.all(outputs.map((output) => output.data() as Promise<Float32Array>));
    tf.dispose(outputs);
    return data;
  }
  await tf.setBackend('cpu');
  const plain = await start(net);
  const wanted = await predict(plain);
  plain.model.dispose();
  const error = async (running: Running) =>
    Math.max(...(await predict(running)).map((values, i) => distance(values, wanted[i])));

  await tf.setBackend('webgpu');
  const before = tf.memory().numTensors;
  const running = await start(net);
  const stock = await error(running);
  const [tensors, bytes] = [tf.memory().numTensors, bytesInGpu()];
  const fast = await accelerate(running.model, { kernel });
  await predict(running);
  await fast.ready();
  const accelerated = await error(running);
  const { layers } = fast;
  fast.dispose();
  const undone = await error(running);
  const left = { tensors: tf.memory().numTensors - tensors, bytes: bytesInGpu() - bytes };
  running.model.dispose();
  return { stock, accelerated, undone, layers, left: { ...left, afterModel: tf.memory().numTensors - before } };
}

const bytesInGpu = () => (tf.memory() as unknown as { numBytesInGPU: number }).numBytesInGPU;
