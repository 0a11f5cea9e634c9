import type { Heap } from './heap.js';
import { CACHE_LINE, roundUp } from './round-up.js';

/** A piece of memory that all layers of one backend use in turn; it grows to the largest need and stays. */
interface Region {
  /** As allocated, and from the next cache line on. */
  allocated: number;
  offset: number;
  bytes: number;
}

export interface Scratch {
  readonly panel: number;
  readonly sums: number;
  readonly pointers: number;
  readonly zeros: number;
  readonly biases: number;
  readonly slopes: number;
}

export type Needs = Readonly<Record<keyof Scratch, number>>;

export interface ScratchSpace {
  /** At least so many bytes in each region; the offsets hold until the next call that needs more. */
  reserve(needs: Needs): Scratch;
  dispose(): void;
}

export function scratchSpace(heap: Heap): ScratchSpace {
  const regions = new Map<keyof Scratch, Region>();
  /** Needs that were met before: they still are, since regions never shrink. */
  const met = new WeakSet<Needs>();
  let current: Scratch = { panel: 0, sums: 0, pointers: 0, zeros: 0, biases: 0, slopes: 0 };
  return {
    reserve(needs) {
      if (met.has(needs)) return current;
      let grown = false;
      for (const name of Object.keys(needs) as (keyof Scratch)[]) {
        const region = regions.get(name);
        if (region && region.bytes >= needs[name]) continue;
        const allocated = heap.allocate(needs[name] + CACHE_LINE);
        if (region) heap.free(region.allocated);
        const offset = roundUp(allocated, CACHE_LINE);
        regions.set(name, { allocated, offset, bytes: needs[name] });
        if (name === 'zeros') heap.floats().fill(0, offset >>> 2, (offset + needs.zeros) >>> 2);
        grown = true;
      }
      if (grown) {
        const at = (name: keyof Scratch) => regions.get(name)!.offset;
        current = {
          panel: at('panel'),
          sums: at('sums'),
          pointers: at('pointers'),
          zeros: at('zeros'),
          biases: at('biases'),
          slopes: at('slopes'),
        };
      }
      met.add(needs);
      return current;
    },
    dispose() {
      for (const { allocated } of regions.values()) heap.free(allocated);
      regions.clear();
    },
  };
}
