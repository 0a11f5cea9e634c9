import { type Call, comparison, type Geometry, type Known, pixelsOf } from '@espalier/kernels-kit';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Encoded, Format } from '../kernels/format.js';
import { type Heap, OutOfMemory } from '../kernels/heap.js';
import type { Matrix } from '../kernels/matrix.js';
import type { Pattern } from '../kernels/pattern.js';
import { race, type Runner } from './race.js';
import { runFormat } from '../kernels/run-format.js';
import type { Needs, ScratchSpace } from '../kernels/scratch.js';

/** The stock kernel keeps its place unless another is quicker by more than this. */
const MARGIN = 0.04;

/** Formats that are measured, by estimated cost. */
const CANDIDATES = 2;

export interface Choice {
  /** undefined = the stock kernel. */
  readonly format?: Format;
  readonly reason: string;
}

/** One tensor of weights: its encodings, and which of them to use for how many pixels. */
export interface AcceleratedWeight extends Known {
  /** The latest choice; undefined before the first run. */
  readonly choice: Choice | undefined;
  /** `stock` is the stock kernel on the same arguments. */
  run(call: Call, stock: () => TensorInfo): TensorInfo;
  dispose(): void;
}

/** Choices are remembered by the power of two of the pixels, apart from the sizes that have widths of their own. */
const sizeClass = (g: Geometry) => {
  const pixels = pixelsOf(g);
  const size =
    pixels <= 4 ? pixels : pixels <= 28 ? Math.ceil(pixels / 4) * 4 : 28 * 2 ** Math.floor(Math.log2(pixels / 28));
  return `${size} ${g.kernelHeight} ${g.kernelWidth} ${g.strideHeight} ${g.strideWidth}`;
};

interface Setting {
  readonly heap: Heap;
  readonly space: ScratchSpace;
  readonly matrix: Matrix;
  readonly pattern: Pattern;
  readonly formats: readonly Format[];
  /** Kernels are measured; otherwise the one with the lowest estimate is taken. */
  readonly measured: boolean;
}

type Compute = (format: Format, call: Call) => TensorInfo;

export function acceleratedWeight(setting: Setting): AcceleratedWeight {
  const { heap, space, pattern } = setting;
  const encodings = encodingsOf(setting);
  const choices = new Map<string, Choice>();
  let latest: Choice | undefined;
  /** What `latest` was chosen for. */
  let known: Geometry | undefined;
  let reserved: { format: Format; geometry: Geometry; needs: Needs } | undefined;

  const compute: Compute = (format, call) => {
    const { geometry } = call;
    const encoded = encodings.of(format);
    if (reserved?.format !== format || reserved.geometry !== geometry) {
      reserved = { format, geometry, needs: format.needs(geometry) };
    }
    return runFormat(heap, space, format, encoded, reserved.needs, call);
  };
  const remember = (size: string, choice: Choice) => {
    choices.set(size, choice);
    encodings.keep([...choices.values()].map(({ format }) => format));
    return choice;
  };

  return {
    pattern,
    memo: {},
    get choice() {
      return latest;
    },
    run(call, stock) {
      const { geometry } = call;
      const size = geometry === known ? '' : sizeClass(geometry);
      try {
        const before = geometry === known ? latest : choices.get(size);
        latest = before ?? remember(size, choose(setting, call, stock, compute));
        known = geometry;
        return latest.format ? compute(latest.format, call) : stock();
      } catch (error) {
        if (!(error instanceof OutOfMemory)) throw error;
        latest = remember(sizeClass(geometry), { reason: 'no room for its encoding in WebAssembly memory' });
        known = undefined;
        return stock();
      }
    },
    dispose() {
      encodings.keep([]);
      choices.clear();
    },
  };
}

/** The encodings of one matrix, each made when it is first asked for. */
function encodingsOf({ heap, matrix, pattern }: Setting) {
  const encodings = new Map<Format, Encoded>();
  return {
    of(format: Format): Encoded {
      let found = encodings.get(format);
      if (!found) encodings.set(format, (found = format.encode(heap, matrix, pattern)));
      return found;
    },
    /** Frees the others. */
    keep(used: readonly (Format | undefined)[]): void {
      for (const [format, { offset }] of encodings) {
        if (used.includes(format)) continue;
        heap.free(offset);
        encodings.delete(format);
      }
    },
  };
}

function choose(setting: Setting, call: Call, stock: () => TensorInfo, compute: Compute): Choice {
  const { heap, pattern, formats, measured } = setting;
  const { geometry } = call;
  const candidates = formats
    .filter((format) => format.fits(pattern, geometry))
    .sort((a, b) => a.cost(pattern, geometry) - b.cost(pattern, geometry))
    .slice(0, CANDIDATES);
  if (candidates.length === 0) return { reason: 'no kernel here fits its shape' };
  if (!measured) return { format: candidates[0], reason: 'chosen by estimated cost' };
  const runner = (format: Format | undefined): Runner<Format | undefined> => ({
    of: format,
    run: () => void heap.backend.disposeData((format ? compute(format, call) : stock()).dataId),
  });
  const { winner, times } = race([undefined, ...candidates].map(runner), MARGIN);
  const best = winner ?? candidates[0];
  const ratio = times.get(undefined)! / times.get(best)!;
  return { format: winner, reason: comparison(best.name, ratio, pixelsOf(geometry)) };
}
