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
      const { compare, productCase, products, FORM_NAMES } = await load();
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
      expect([...seen].sort()).toEqual([...FORM_NAMES].sort());
    },
    SLOW,
  );
});
