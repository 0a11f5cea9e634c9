import { hookWeights, ownedByData, READINGS, requireKernels, sessionsOf, watchDisposal } from '@espalier/kernels-kit';
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { deviceLost, type Gpu, gpuOf } from './gpu.js';
import {
  acceleratedWeight,
  type AcceleratedWeight,
  type KernelOptions,
  type Surroundings,
} from './accelerated-weight.js';
import type { Pattern } from './pattern.js';
import { selfTest } from './self-test.js';

/** The weights that one backend knows, by their data. */
export interface Session {
  readonly gpu: Gpu;
  add(dataId: object, values: Float32Array, pattern: Pattern, options: KernelOptions): AcceleratedWeight;
  find(dataId: object): AcceleratedWeight | undefined;
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

const sessions = sessionsOf<KernelBackend, Open>();

/** The session of a backend, opened on first use and closed when every user has closed it. */
export async function openSession(backend: KernelBackend): Promise<Session> {
  const session = await sessions.open(backend, () => start(backend));
  if (session.lost === undefined) return session;
  sessions.close(backend);
  throw deviceLost(session.lost);
}

export const closeSession = ({ gpu }: Session): void => sessions.close(gpu);

async function start(backend: KernelBackend): Promise<Open> {
  const gpu = gpuOf(backend);
  requireKernels('webgpu', Object.keys(READINGS));
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
  const weights = ownedByData<AcceleratedWeight>();
  let work: Promise<void> = Promise.resolve();
  let lost: string | undefined;
  void gpu.device.lost.then((info) => (lost = describe(info)));

  const around: Surroundings = {
    gpu,
    later: (one) => {
      work = work.then(() => (lost === undefined ? one() : undefined)).catch(() => undefined);
    },
  };
  const findOnDevice = (dataId: object) => {
    const found = weights.find(dataId);
    if (found && lost !== undefined) throw deviceLost(lost);
    return found;
  };
  const undo = [
    watchDisposal(gpu, weights.drop),
    hookWeights('webgpu', gpu, findOnDevice, (weight, call, args, stock) => weight.run(call, args, stock)),
  ];
  return {
    gpu,
    find: weights.find,
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
      weights.add(dataId, () => {
        const { inputs, outputs } = pattern;
        return acceleratedWeight(around, { values, inputs, outputs }, pattern, options);
      }),
    remove: weights.remove,
    close() {
      for (const back of undo) back();
      weights.clear();
    },
  };
}
