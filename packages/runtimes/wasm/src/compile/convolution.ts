import { type Geometry, isProduct, pixelsOf, simplified, tapsOf, sparsityOf } from '@espalier/kernels-kit';
import { patternOf } from '../kernels/pattern.js';
import { roundUp } from '../kernels/round-up.js';
import { type Border, bordered, writeBorder } from './border.js';
import type { Builder } from './builder.js';
import { choose } from './choose.js';
import { withCurve } from './curve.js';
import { PLANE_JOB } from '../abi/jobs.js';
import type { Store } from './memory.js';
import type { Convolution } from './operation.js';
import { encode, PLANE_FORMATS, PANEL, PANEL_INPUTS } from './plane-formats.js';
import { product } from './product.js';

/** Fewer pixels go to the kernels for rows. */
const FEWEST_PIXELS = 8;

/** Over planes: on the input's own where output and input pixels lie at the same places, else on copies with a border. */
export function convolution(builder: Builder, op: Convolution): void {
  const simple = simplified(op.geometry);
  const asRows = isProduct(simple) && (pixelsOf(simple) < FEWEST_PIXELS || tapsOf(op.geometry) > 1);
  if (asRows && !op.residual) return product(builder, { ...op, geometry: simple });
  const { geometry, weights, after } = op;
  const outputs = geometry.outChannels;
  const pattern = patternOf(weights, outputs);
  const pixels = pixelsOf(geometry);
  const { x, residual, y, border, panel, sums, offsets, from, reads } = memoryOf(builder, op);
  const draft = {
    name: op.name,
    operation: 'convolution',
    sparsity: sparsityOf(pattern),
    bind(store: Store) {
      const { heap } = store;
      const shared = {
        ...runsOf(geometry, border, pixels),
        ...after,
        inputs: offsets.length,
        outputs,
        outStride: y.stride,
        offsets: store.words(offsets),
        panel: panel.address,
        sums: sums.address,
        zeros: store.floats(new Float32Array(32)),
        bias: store.floats(op.bias),
        residual: residual ? residual.buffer.address - y.buffer.address : 0,
      };
      const borderJob = border && writeBorder(store, border);
      const prepare = (format: (typeof PLANE_FORMATS)[number]) => {
        const blockInputs = format.blockInputs(pattern);
        const { steps, counts } = encode(store, format, weights, outputs, offsets, blockInputs);
        const job = store.job(PLANE_JOB, { ...shared, format: format.code, blockInputs, steps, counts });
        return {
          run: () => heap.kernels.convolvePlanes(job, from.address, y.buffer.address),
          dispose: () => [job, steps, counts].forEach(store.free),
        };
      };
      const choice = choose(
        PLANE_FORMATS.map((format) => ({
          name: format.name,
          cost: format.cost(pattern, pixels),
          make: () => prepare(format),
        })),
      );
      return {
        kernel: choice.name,
        run: withCurve(store, after, y, () => {
          if (borderJob) {
            heap.kernels.borders(borderJob, x.buffer.address, x.stride, from.address, geometry.inChannels);
          }
          choice.run();
        }),
      };
    },
  };
  builder.add(draft, reads, [y.buffer]);
}

/** The buffers that it reads and writes, and where in them each input begins. */
function memoryOf(builder: Builder, op: Convolution) {
  const { geometry } = op;
  const x = builder.planes(op.x);
  const residual = op.residual && builder.planes(op.residual);
  const y = builder.makePlanes(op.output, geometry.outChannels, pixelsOf(geometry));
  const border = isProduct(geometry) ? undefined : bordered(geometry);
  const copy = border && builder.temporary(border.bytes * geometry.inChannels);
  const panel = builder.temporary(4 * PANEL * PANEL_INPUTS);
  const sums = builder.temporary(4 * PANEL * roundUp(geometry.outChannels, 4));
  const reads = [x.buffer, ...(residual ? [residual.buffer] : []), ...(copy ? [copy] : []), panel, sums];
  return {
    x,
    residual,
    y,
    border,
    panel,
    sums,
    reads,
    from: copy ?? x.buffer,
    offsets: offsetsOf(geometry, border, x.stride),
  };
}

/** Bytes from x to the pixels of each input, in the order of the weights: tap by tap, channel by channel. */
function offsetsOf({ inChannels }: Geometry, border: Border | undefined, stride: number): number[] {
  const bytes = border?.bytes ?? stride;
  return (border?.taps ?? [0]).flatMap((tap) => Array.from({ length: inChannels }, (_, c) => tap + c * bytes));
}

/** Pixels that lie side by side, in runs. */
function runsOf(g: Geometry, border: Border | undefined, pixels: number) {
  // Without gaps between rows, or between images, everything is one run.
  if (!border || (border.rows === g.outHeight && border.columns === g.outWidth))
    return { images: 1, runs: 1, pixels, runBytes: 0, imageBytes: 0 };
  const runBytes = 4 * border.columns;
  return { images: g.batch, runs: g.outHeight, pixels: g.outWidth, runBytes, imageBytes: runBytes * border.rows };
}
