import { FORMATS } from '../kernels/formats.js';
import { pixelsOf, sparsityOf } from '@espalier/kernels-kit';
import { patternOf } from '../kernels/pattern.js';
import { scratchSpace } from '../kernels/scratch.js';
import type { Builder } from './builder.js';
import { choose } from './choose.js';
import { withCurve } from './curve.js';
import type { Store } from './memory.js';
import type { Convolution } from './operation.js';

/** A matrix product on rows, on the kernels of accelerate(). */
export function product(builder: Builder, op: Convolution): void {
  const { geometry, weights, after } = op;
  const outputs = geometry.outChannels;
  const pattern = patternOf(weights, outputs);
  const x = builder.rows(op.x);
  const y = builder.makeRows(op.output);
  const draft = {
    name: op.name,
    operation: 'matrix product',
    sparsity: sparsityOf(pattern),
    bind(store: Store) {
      const { heap } = store;
      const space = scratchSpace(heap);
      const bias = store.floats(op.bias);
      const matrix = { read: () => weights, inputs: pattern.inputs, outputs };
      const choice = choose(
        FORMATS.filter((format) => format.fits(pattern, geometry)).map((format) => ({
          name: format.name,
          cost: format.cost(pattern, geometry),
          make() {
            const encoded = format.encode(heap, matrix, pattern);
            const needs = format.needs(geometry);
            return {
              run() {
                const scratch = space.reserve(needs);
                format.run(heap, encoded, geometry, scratch, x.address, y.address, bias, after.low, after.high);
              },
              dispose: () => heap.free(encoded.offset),
            };
          },
        })),
      );
      return {
        kernel: choice.name,
        run: withCurve(store, after, { buffer: y, channels: outputs, pixels: pixelsOf(geometry) }, choice.run),
        dispose() {
          choice.dispose();
          space.dispose();
        },
      };
    },
  };
  builder.add(draft, [x], [y]);
}
