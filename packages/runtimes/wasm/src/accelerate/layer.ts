import { type Call, type Geometry, type Memo, pixelsOf } from '@espalier/kernels-kit';
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
export interface Layer {
  readonly pattern: Pattern;
  readonly memo: Memo;
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

export function layer(
  heap: Heap,
  space: ScratchSpace,
  matrix: Matrix,
  pattern: Pattern,
  formats: readonly Format[],
  measured: boolean,
): Layer {
  const encodings = new Map<Format, Encoded>();
  const choices = new Map<string, Choice>();
  let latest: Choice | undefined;
  /** What `latest` was chosen for. */
  let known: Geometry | undefined;
  let reserved: { format: Format; geometry: Geometry; needs: Needs } | undefined;

  const encoded = (format: Format): Encoded => {
    let found = encodings.get(format);
    if (!found) encodings.set(format, (found = format.encode(heap, matrix, pattern)));
    return found;
  };

  function compute(format: Format, call: Call): TensorInfo {
    const { geometry } = call;
    const weights = encoded(format);
    if (reserved?.format !== format || reserved.geometry !== geometry) {
      reserved = { format, geometry, needs: format.needs(geometry) };
    }
    return runFormat(heap, space, format, weights, reserved.needs, call);
  }

  function choose(call: Call, stock: () => TensorInfo): Choice {
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
    const ratio = (times.get(undefined)! / times.get(best)!).toFixed(2);
    const size = pixelsOf(geometry);
    const measure = `${best.name} ran ${ratio}× as fast as the stock kernel on ${size} pixel${size === 1 ? '' : 's'}`;
    return { format: winner, reason: measure };
  }

  /** Frees what no choice uses. */
  function trim(): void {
    const used = new Set([...choices.values()].map(({ format }) => format));
    for (const [format, { offset }] of encodings) {
      if (used.has(format)) continue;
      heap.free(offset);
      encodings.delete(format);
    }
  }

  return {
    pattern,
    memo: {},
    get choice() {
      return latest;
    },
    run(call, stock) {
      const { geometry } = call;
      const size = geometry === known ? '' : sizeClass(geometry);
      let choice = geometry === known ? latest : choices.get(size);
      try {
        if (!choice) {
          choice = choose(call, stock);
          choices.set(size, choice);
          trim();
        }
        latest = choice;
        known = geometry;
        return choice.format ? compute(choice.format, call) : stock();
      } catch (error) {
        if (error !== OutOfMemory) throw error;
        latest = { reason: 'no room for its encoding in WebAssembly memory' };
        known = undefined;
        choices.set(sizeClass(geometry), latest);
        trim();
        return stock();
      }
    },
    dispose() {
      for (const { offset } of encodings.values()) heap.free(offset);
      encodings.clear();
      choices.clear();
    },
  };
}
