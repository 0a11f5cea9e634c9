import { layerOf } from './eligible.js';
import { show, UsageError } from './errors.js';

/** What a model's `inputs()` throws for a kernel whose inputs it cannot give; `why` is a clause. */
export function inputsUnsupported(param: string, why: string): UsageError {
  const fix = `leave it out with --ignore ${layerOf(param)}, or use a scorer that looks at weights or gradients`;
  return new UsageError(
    'inputs-unsupported',
    `the activations that enter ${show(param)} are not to be had: ${why}; ${fix}`,
    { where: param, wanted: 'a kernel that multiplies its inputs', found: why, fix },
  );
}

/** Whether `inputs()` of the model said that it does not offer those of this kernel. */
export const isInputsUnsupported = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'inputs-unsupported';
