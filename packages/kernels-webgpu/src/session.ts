import { override, type Reading, READINGS } from '@espalier/core/kernels';
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
  readonly close: () => void;
  users: number;
}

const sessions = new Map<object, Open>();
const opening = new Map<object, Promise<Open>>();

/** The session of a backend, opened on first use and closed when every user has closed it. */
export async function openSession(backend: tf.KernelBackend): Promise<Session> {
  let session = sessions.get(backend);
  if (!session) {
    let started = opening.get(backend);
    if (!started) opening.set(backend, (started = start(backend).finally(() => opening.delete(backend))));
    session = await started;
  }
  if (session.lost !== undefined) throw deviceLost(session.lost);
  session.users++;
  return session;
}

export function closeSession({ gpu }: Session): void {
  const session = sessions.get(gpu);
  if (!session || --session.users > 0) return;
  sessions.delete(gpu);
  session.close();
}

async function start(backend: tf.KernelBackend): Promise<Open> {
  const gpu = gpuOf(backend);
  const missing = Object.keys(READINGS).find((name) => !tf.getKernel(name, 'webgpu'));
  if (missing !== undefined) throw internalsMoved(`no kernel ${missing}`);
  const lost = await lostAlready(gpu);
  if (lost !== undefined) throw deviceLost(lost);
  await selfTest(gpu);
  const session = connect(gpu);
  sessions.set(backend, session);
  return session;
}

/** `device.lost` tells nothing until it is asked, and then at once if it happened before. */
async function lostAlready({ device }: Gpu): Promise<string | undefined> {
  const nothing = new Promise<undefined>((resolve) => setTimeout(resolve, 0, undefined));
  const info = await Promise.race([device.lost, nothing]);
  return info && describe(info);
}

const describe = ({ reason, message }: GPUDeviceLostInfo) => message || reason || 'unknown';

function connect(gpu: Gpu): Open {
  const entries = new Map<object, { layer: Layer; owners: number }>();
  let work: Promise<void> = Promise.resolve();
  let lost: string | undefined;
  void gpu.device.lost.then((info) => (lost = describe(info)));

  const around: Surroundings = {
    gpu,
    later: (one) => {
      work = work.then(() => (lost === undefined ? one() : undefined)).catch(() => undefined);
    },
  };
  const drop = (dataId: object) => {
    entries.get(dataId)?.layer.dispose();
    entries.delete(dataId);
  };
  const find = (dataId: object) => entries.get(dataId)?.layer;
  const undo = [
    watchDisposal(gpu, (dataId) => void (entries.has(dataId) && drop(dataId))),
    ...Object.entries(READINGS).map(([name, read]) => hook(name, read, gpu, find, () => lost)),
  ];
  return {
    gpu,
    users: 0,
    find,
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
    add(dataId, values, pattern, options) {
      const entry = entries.get(dataId);
      if (entry) {
        entry.owners++;
        return entry.layer;
      }
      const { inputs, outputs } = pattern;
      const made = layer(around, { values, inputs, outputs }, pattern, options);
      entries.set(dataId, { layer: made, owners: 1 });
      return made;
    },
    remove(dataId) {
      const entry = entries.get(dataId);
      if (entry && --entry.owners === 0) drop(dataId);
    },
    close() {
      for (const back of undo) back();
      for (const dataId of [...entries.keys()]) drop(dataId);
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

/** Encodings go with the tensor that they are of: disposed, assigned over, or moved to another backend. */
function watchDisposal(gpu: Gpu, after: (dataId: object) => void): () => void {
  const stock = gpu.disposeData;
  const own = Object.hasOwn(gpu, 'disposeData');
  let active = true;
  const wrapped: Gpu['disposeData'] = (dataId, force) => {
    const gone = stock.call(gpu, dataId, force);
    if (active && gone) after(dataId);
    return gone;
  };
  gpu.disposeData = wrapped;
  return () => {
    active = false;
    if (gpu.disposeData !== wrapped) return;
    if (own) gpu.disposeData = stock;
    else delete (gpu as Partial<Gpu>).disposeData;
  };
}
