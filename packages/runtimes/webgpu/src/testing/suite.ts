import { installWebGpu, WEBGPU_REQUIRED, whyNoWebGpu } from '../../../../../tools/testing/webgpu.js';

/** TensorFlow.js's backend looks for navigator.gpu when it is loaded: everything comes after that. */
async function modules() {
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-cpu');
  await import('@tensorflow/tfjs-backend-webgpu');
  tf.env().set('PROD', true);
  const { accelerate, KERNELS } = await import('../index.js');
  const { distance, values, weights: zerosIn } = await import('./weights.js');
  const [cases, compare, nets] = [await import('./cases.js'), await import('./compare.js'), await import('./nets.js')];
  return { tf, accelerate, KERNELS, distance, values, zerosIn, ...cases, ...compare, ...nets };
}

export type Modules = Awaited<ReturnType<typeof modules>>;

/** Tests on software WebGPU in Node; skipped, with the reason, where there is none. */
export function withWebGpu(name: string, tests: (load: () => Promise<Modules>) => void): void {
  const missing = whyNoWebGpu();
  if (missing !== undefined && !WEBGPU_REQUIRED) {
    test.skip(`${name}: ${missing}`, () => undefined);
    return;
  }
  describe(name, () => {
    let release: (() => void) | undefined;
    beforeAll(() => {
      if (missing !== undefined) throw new Error(`WebGPU in Node: ${missing}`);
      release = installWebGpu();
    });
    afterAll(() => release?.());
    tests(modules);
  });
}
