import type * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { withWebGpu } from './testing/suite.js';

/** Software takes about a second to compile a kernel. */
const SLOW = 400_000;

withWebGpu('the kernels, on software WebGPU in Node', (load) => {
  const seen = new Set<string>();
  const TOLERANCE = 1e-4;

  it(
    'agree with the cpu backend on convolutions',
    async () => {
      const { compare, convolutionCase, convolutions } = await load();
      await fc.assert(
        fc.asyncProperty(convolutions, async (c) => {
          for (const [name, error] of await compare(convolutionCase(c))) {
            seen.add(name);
            if (!(error <= TOLERANCE)) throw new Error(`${name}: ${error}`);
          }
        }),
        { numRuns: 4, seed: 1, endOnFailure: true },
      );
    },
    SLOW,
  );

  it(
    'agree with the cpu backend on matrix products',
    async () => {
      const { compare, productCase, products, FORMAT_NAMES } = await load();
      await fc.assert(
        fc.asyncProperty(products, async (c) => {
          const found = await compare(productCase(c));
          for (const [name, error] of found) {
            seen.add(name);
            if (!(error <= TOLERANCE)) throw new Error(`${name}: ${error}`);
          }
          expect(found.has('unstructured') && found.has('blocks-4x1')).toBe(true);
          expect(found.has('unstructured-vector')).toBe(c.rows <= 8);
        }),
        { numRuns: 4, seed: 2, endOnFailure: true },
      );
      expect([...seen].sort()).toEqual([...FORMAT_NAMES].sort());
    },
    SLOW,
  );

  it(
    'agree where hardly a weight is left',
    async () => {
      const { compare, values, tf: tfjs } = await load();
      for (const left of [0, 1, 2, 3]) {
        const w = new Float32Array(12 * 9);
        for (let i = 0; i < left; i++) w[31 + 36 * i] = i + 1;
        const run = (b: tf.Tensor) => tfjs.matMul(tfjs.tensor2d(values(24, 1), [2, 12]), b as tf.Tensor2D);
        const found = await compare({ w, shape: [12, 9], run });
        expect(found.size).toBeGreaterThanOrEqual(left === 0 ? 4 : 6);
        for (const [name, error] of found) expect([left, name, error <= TOLERANCE]).toEqual([left, name, true]);
      }
    },
    SLOW,
  );
});
