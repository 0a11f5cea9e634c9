import { UsageError } from '@espalier/core';
import { internalsMoved } from '@espalier/kernels-kit';
import { type BackendValues, type DataType, env, type KernelBackend, type TensorInfo } from '@tensorflow/tfjs-core';

/** A program as tfjs-backend-webgpu takes it. */
export interface Program {
  readonly outputShape: number[];
  readonly variableNames: string[];
  readonly variableComponents?: number[];
  readonly uniforms: string;
  readonly workgroupSize: [number, number, number];
  readonly dispatchLayout: { readonly x: number[] };
  readonly dispatch: [number, number, number];
  /** Adds the uniform `size`, of the output. Code that reads no uniform at all is refused by the device. */
  readonly size?: boolean;
  /** Unique for the code; tfjs-backend-webgpu adds ranks and types to it, in place. */
  shaderKey: string;
  getUserCode(): string;
}

export interface Uniform {
  readonly type: 'int32' | 'float32';
  readonly data: number[];
}

/** What is used of tfjs-backend-webgpu, not all of it public. */
export interface Gpu extends KernelBackend {
  readonly device: GPUDevice;
  readonly queue: GPUQueue;
  readonly tensorMap: { has(dataId: object): boolean };
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  disposeData(dataId: object, force?: boolean): boolean;
  makeTensorInfo(shape: number[], dtype: DataType, values?: BackendValues): TensorInfo;
  runWebGPUProgram(
    program: Program,
    inputs: TensorInfo[],
    dtype: DataType,
    uniforms: Uniform[],
    output?: TensorInfo,
  ): TensorInfo;
  read(dataId: object): Promise<BackendValues>;
  uploadToGPU(dataId: object): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

const METHODS = [
  'disposeData',
  'makeTensorInfo',
  'runWebGPUProgram',
  'read',
  'uploadToGPU',
  'ensureCommandEncoderReady',
  'endComputePassEncoder',
  'submitQueue',
] as const;

const PARTS = ['device', 'queue', 'tensorMap'] as const;

/** Throws a UsageError with code 'tfjs-internals' for a backend that lacks something that is used here. */
export function gpuOf(backend: KernelBackend): Gpu {
  const gpu = backend as Gpu;
  const missing = [
    ...METHODS.filter((name) => typeof gpu[name] !== 'function'),
    ...PARTS.filter((name) => typeof gpu[name] !== 'object' || gpu[name] === null),
    ...(['commandEncoder', 'computePassEncoder'] as const).filter((name) => !(name in gpu) && gpu[name] !== undefined),
  ];
  if (missing.length > 0) throw internalsMoved('webgpu', `no ${missing.join(', no ')}`);
  return gpu;
}

export const deviceLost = (reason: string) => {
  const fix = "tf.removeBackend('webgpu'), then set a backend and load the model again";
  return new UsageError('device-lost', `the WebGPU device is lost (${reason}): ${fix}`, {
    where: 'webgpu',
    found: reason,
    fix,
  });
};

/** Ends what is being recorded and hands it to the device. */
export function flush(gpu: Gpu): void {
  gpu.ensureCommandEncoderReady();
  gpu.endComputePassEncoder();
  gpu.submitQueue();
}

/**
 * A tensor of `size` NaNs, on the device already: a program that is refused takes all that is recorded with it, and would leave the
 * right results of an earlier one in memory.
 */
export function poisoned(gpu: Gpu, size: number): TensorInfo {
  const made = gpu.makeTensorInfo([size], 'float32', new Float32Array(size).fill(NaN));
  gpu.uploadToGPU(made.dataId);
  flush(gpu);
  return made;
}

/** A tensor's values, in a submission of their own, since they are copied through memory that is used again. */
export async function valuesOf(gpu: Gpu, { dataId }: TensorInfo): Promise<Float32Array> {
  flush(gpu);
  return (await gpu.read(dataId)) as Float32Array;
}

/** Runs `record` without the backend handing anything to the device in between. */
export function unsubmitted<T>(record: () => T): T {
  const flag = 'WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE';
  const before = env().getNumber(flag);
  env().set(flag, Number.MAX_SAFE_INTEGER);
  try {
    return record();
  } finally {
    env().set(flag, before);
  }
}
