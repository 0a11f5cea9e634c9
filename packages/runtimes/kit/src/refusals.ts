import { UsageError } from '@espalier/core';
import { getBackend, getKernel } from '@tensorflow/tfjs-core';

/** Throws a UsageError with code 'min-sparsity' for an option that is no share. */
export function checkMinSparsity(minSparsity: number): void {
  if (minSparsity >= 0 && minSparsity <= 1) return;
  throw new UsageError('min-sparsity', `minSparsity must be between 0 and 1, got ${minSparsity}`, {
    wanted: '0 to 1',
    found: String(minSparsity),
  });
}

/** Why a weight is left alone whatever kernels there are. */
export function leftAlone(finite: boolean, sparsity: number, minSparsity: number): string | undefined {
  if (!finite) return 'has weights that are not finite';
  return sparsity < minSparsity ? `has fewer zeros than minSparsity ${minSparsity}` : undefined;
}

/** Throws a UsageError with code 'backend' unless `wanted` is the current backend. */
export function requireBackend(wanted: string, who: string): void {
  const found = getBackend();
  if (found === wanted) return;
  const fix = `await tf.setBackend('${wanted}')`;
  const message = `${who} works on the ${wanted} backend, the current one is '${found}'; call ${fix} first`;
  throw new UsageError('backend', message, { wanted, found, fix });
}

/** Throws a UsageError with code 'tfjs-internals' where a backend lacks one of these kernels. */
export function requireKernels(backend: string, names: readonly string[]): void {
  const missing = names.find((name) => !getKernel(name, backend));
  if (missing !== undefined) throw internalsMoved(backend, `no kernel ${missing}`);
}

/** The error for a backend whose inside is not the one that its kernels were written for. */
export function internalsMoved(backend: string, found: string, cause?: unknown): UsageError {
  const where = `@tensorflow/tfjs-backend-${backend}`;
  return new UsageError(
    'tfjs-internals',
    `accelerate() cannot work with this tfjs-backend-${backend}: ${found}; use version 4.22`,
    { where, wanted: '4.22', found, fix: `install ${where} 4.22`, cause },
  );
}
