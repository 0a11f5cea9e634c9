import type { TensorInfo } from '@tensorflow/tfjs-core';
import { flush, type Gpu, type Program, unsubmitted } from './gpu.js';

/** How long something takes on the device. */
export interface Clock {
  /** 'timestamps' = the device's own; 'wall' = from submission until all is done. */
  readonly kind: 'timestamps' | 'wall';
  /** Milliseconds of one run, of `repeat` runs in a row that wait for one another. */
  time(run: () => void, repeat: number): Promise<number>;
  dispose(): void;
}

export function clockOf(gpu: Gpu): Clock {
  return gpu.device.features.has('timestamp-query') ? timestamps(gpu) : wall(gpu);
}

function wall(gpu: Gpu): Clock {
  return {
    kind: 'wall',
    async time(run, repeat) {
      flush(gpu);
      await gpu.queue.onSubmittedWorkDone();
      const start = performance.now();
      for (let i = 0; i < repeat; i++) run();
      flush(gpu);
      await gpu.queue.onSubmittedWorkDone();
      return (performance.now() - start) / repeat;
    },
    dispose: () => {},
  };
}

/** One pass with all runs in it, between two timestamps; the wall clock where these come to nothing. */
function timestamps(gpu: Gpu): Clock {
  const { device } = gpu;
  const fallback = wall(gpu);
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 });
  const resolved = device.createBuffer({ size: 16, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
  const staging = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });

  function record(run: () => void, repeat: number): boolean {
    flush(gpu);
    gpu.ensureCommandEncoderReady();
    const encoder = gpu.commandEncoder!;
    const timestampWrites = { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
    const pass = encoder.beginComputePass({ timestampWrites });
    gpu.computePassEncoder = pass;
    unsubmitted(() => {
      for (let i = 0; i < repeat; i++) run();
    });
    // A kernel that copies or reads ends the pass: then the timestamps are of a part only.
    const whole = gpu.computePassEncoder === pass && gpu.commandEncoder === encoder;
    gpu.endComputePassEncoder();
    if (whole) {
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
    }
    flush(gpu);
    return whole;
  }

  return {
    kind: 'timestamps',
    async time(run, repeat) {
      if (!record(run, repeat)) return fallback.time(run, repeat);
      await staging.mapAsync(GPUMapMode.READ);
      const [start, end] = new BigUint64Array(staging.getMappedRange().slice(0));
      staging.unmap();
      const ms = Number(end - start) / 1e6;
      return ms > 0 ? ms / repeat : fallback.time(run, repeat);
    },
    dispose() {
      for (const one of [querySet, resolved, staging]) one.destroy();
    },
  };
}

/** Writes one word of the kernel's input, so that the next run has to wait for the one before, as layers of a model do. */
export function touch(gpu: Gpu, x: TensorInfo): void {
  const program: Program = {
    outputShape: x.shape,
    variableNames: [],
    uniforms: '',
    size: true,
    workgroupSize: [1, 1, 1],
    dispatchLayout: { x: [0] },
    dispatch: [1, 1, 1],
    shaderKey: 'espalier touch',
    getUserCode: () => 'fn main(index : i32) { if (index == 0 && uniforms.size > 0) { result[0] = 0.5; } }',
  };
  gpu.runWebGPUProgram(program, [], 'float32', [], x);
}
