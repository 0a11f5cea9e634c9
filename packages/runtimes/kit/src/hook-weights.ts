import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import { type Call, type Memo, READINGS, type Sizes } from './calls.js';
import { type KernelArguments, override, type Stock } from './override.js';

/** What is known of a tensor of weights. */
export interface Known {
  readonly pattern: Sizes;
  readonly memo: Memo;
}

/**
 * Puts `run` before every kernel of a backend that multiplies by weights, for the calls whose weights `find` knows and whose arguments
 * can be read; undefined from it leaves a call to the stock kernel. The function returned takes all of that back.
 */
export function hookWeights<W extends Known>(
  backendName: string,
  backend: KernelBackend,
  find: (dataId: object) => W | undefined,
  run: (weights: W, call: Call, args: KernelArguments, stock: Stock) => TensorInfo | undefined,
): () => void {
  const undo = Object.entries(READINGS).map(([name, read]) =>
    override(name, backendName, (args, stock) => {
      const weights = (args.inputs.filter ?? args.inputs.b) as TensorInfo | undefined;
      const found = weights && args.backend === backend ? find(weights.dataId) : undefined;
      const call = found && read(args, found.pattern, found.memo);
      return call && run(found, call, args, stock);
    }),
  );
  return () => undo.forEach((back) => back());
}
