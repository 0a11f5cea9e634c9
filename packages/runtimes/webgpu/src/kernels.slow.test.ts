import fc from 'fast-check';
import type { Case } from './testing/cases.js';
import { type Modules, withWebGpu } from './testing/suite.js';

/** Software compiles every kernel, on a machine that may be busy. */
const SLOW = 1_200_000;

withWebGpu('the kernels over many shapes, on software WebGPU in Node', (load) => {
  let m: Modules;
  let seen = new Map<string, number>();
  beforeAll(async () => {
    m = await load();
  });
  beforeEach(() => {
    seen = new Map();
  });

  async function agrees(one: Case): Promise<void> {
    for (const [name, error] of await m.compare(one)) {
      seen.set(name, (seen.get(name) ?? 0) + 1);
      if (!(error <= 1e-4)) throw new Error(`${name}: ${error}`);
    }
  }
  /** Each format ran at least so often. */
  const expectSeen = (names: readonly string[], least: number) =>
    expect(names.filter((name) => (seen.get(name) ?? 0) < least)).toEqual([]);

  it(
    'convolutions: sizes, strides, paddings, dilations, zeros and activations',
    async () => {
      const one = fc.asyncProperty(m.moreConvolutions, (c) => agrees(m.convolutionCase(c)));
      await fc.assert(one, { numRuns: 30, endOnFailure: true, seed: 3 });
      // The vector kernels are for products.
      expectSeen(
        m.FORMAT_NAMES.filter((name) => !/-vector$/.test(name) || name === 'n:m-vector'),
        5,
      );
    },
    SLOW,
  );

  it(
    'matrix products: sizes, zeros and activations',
    async () => {
      const one = fc.asyncProperty(m.moreProducts, (c) => agrees(m.productCase(c)));
      await fc.assert(one, { numRuns: 40, endOnFailure: true, seed: 4 });
      expectSeen(m.FORMAT_NAMES, 10);
    },
    SLOW,
  );

  it('what runs once runs again on other sizes: one weight, many batches', async () => {
    const { tf } = m;
    for (const kernel of m.FORMAT_NAMES) {
      const w = m.zerosIn(96, 52, { sparsity: 0, block: 4, pattern: [2, 8], seed: 9 });
      await tf.setBackend('webgpu');
      const filter = tf.tensor(w, [96, 52]);
      const fast = await m.accelerate({ weights: { filter } }, { kernel });
      for (const rows of [1, 8, 9, 3, 70, 1, 16]) {
        const product = (b: InstanceType<typeof tf.Tensor>) => () =>
          tf.matMul(tf.tensor(m.values(rows * 96, rows), [rows, 96]), b);
        const got = await m.download(product(filter));
        await tf.setBackend('cpu');
        const wanted = await m.download(() => product(tf.tensor(w, [96, 52]))());
        await tf.setBackend('webgpu');
        expect([kernel, rows, m.distance(got, wanted) <= 1e-4]).toEqual([kernel, rows, true]);
      }
      fast.dispose();
      filter.dispose();
    }
  });
});
