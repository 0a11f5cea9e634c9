import { override, ownedLayers, type Reading, READINGS, sessionsOf, watchDisposal } from '@espalier/kernels-kit';
import * as tf from '@tensorflow/tfjs-core';
import { deviceLost, type Gpu, gpuOf, internalsMoved } from './gpu.js';
import { layer, type Layer, type LayerOptions, type Surroundings } from './layer.js';
import type { Pattern } from './pattern.js';
import { selfTest } from './self-test.js';

/** The weights that one backend knows, by their data. */
export interface Session {
  readonly gpu: Gpu;
  add(dataId: object, values: Float32Array, pattern: Pattern, options: LayerOptions): Layer;
  find(dataId: object): Layer | undefined;
  /** Takes back one `add`. */
  remove(dataId: object): void;
  /** Resolves when no measurement is under way or waiting. */
  idle(): Promise<void>;
  /** Why the device is gone. */
  readonly lost: string | undefined;
}

interface Open extends Session {
  close(): void;
}

const sessions = sessionsOf<tf.KernelBackend, Open>();

/** The session of a backend, opened on first use and closed when every user has closed it. */
export async function openSession(backend: tf.KernelBackend): Promise<Session> {
  const session = await sessions.open(backend, () => start(backend));
  if (session.lost === undefined) return session;
  sessions.close(backend);
  throw deviceLost(session.lost);
}

export const closeSession = ({ gpu }: Session): void => sessions.close(gpu);

async function start(backend: tf.KernelBackend): Promise<Open> {
  const gpu = gpuOf(backend);
  const missing = Object.keys(READINGS).find((name) => !tf.getKernel(name, 'webgpu'));
  if (missing !== undefined) throw internalsMoved(`no kernel ${missing}`);
  const lost = await lostAlready(gpu);
  if (lost !== undefined) throw deviceLost(lost);
  await selfTest(gpu);
  return connect(gpu);
}

/** `device.lost` tells nothing until it is asked, and then at once if it happened before. */
async function lostAlready({ device }: Gpu): Promise<string | undefined> {
  const nothing = new Promise<undefined>((resolve) => setTimeout(resolve, 0, undefined));
  const info = await Promise.race([device.lost, nothing]);
  return info && describe(info);
}

const describe = ({ reason, message }: GPUDeviceLostInfo) => message || reason || 'unknown';

function connect(gpu: Gpu): Open {
  const layers = ownedLayers<Layer>();
  let work: Promise<void> = Promise.resolve();
  let lost: string | undefined;
  void gpu.device.lost.then((info) => (lost = describe(info)));

  const around: Surroundings = {
    gpu,
    later: (one) => {
      work = work.then(() => (lost === undefined ? one() : undefined)).catch(() => undefined);
    },
  };
  const undo = [
    watchDisposal(gpu, layers.drop),
    ...Object.entries(READINGS).map(([name, read]) => hook(name, read, gpu, layers.find, () => lost)),
  ];
  return {
    gpu,
    find: layers.find,
    get lost() {
      return lost;
    },
    async idle() {
      let seen: Promise<void> | undefined;
      while (seen !== work) {
        seen = work;
        await seen;
      }
    },
    add: (dataId, values, pattern, options) =>
      layers.add(dataId, () => {
        const { inputs, outputs } = pattern;
        return layer(around, { values, inputs, outputs }, pattern, options);
      }),
    remove: layers.remove,
    close() {
      for (const back of undo) back();
      layers.clear();
    },
  };
}

function hook(
  name: string,
  read: Reading,
  gpu: Gpu,
  find: (dataId: object) => Layer | undefined,
  lost: () => string | undefined,
): () => void {
  const { kernelFunc } = tf.getKernel(name, 'webgpu');
  return override(name, 'webgpu', (args) => {
    const weights = (args.inputs.filter ?? args.inputs.b) as tf.TensorInfo | undefined;
    const found = weights && args.backend === gpu ? find(weights.dataId) : undefined;
    if (!found) return undefined;
    const reason = lost();
    if (reason !== undefined) throw deviceLost(reason);
    const call = read(args, found.pattern, found.memo);
    return call && found.run(call, args, kernelFunc);
  });
}
