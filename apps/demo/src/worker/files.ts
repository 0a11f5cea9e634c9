/** What files weigh: packing takes a while, and nobody waits for it here. */
import type { Calls } from './protocol.js';
import { quickSizes } from './sizes.js';

export const fileCalls = {
  sizes: async (artifacts) => quickSizes(artifacts),
} satisfies { [M in keyof Calls]?: (argument: Parameters<Calls[M]>[0]) => Promise<ReturnType<Calls[M]>> };
