import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { InputError, type Reestimated, type ReestimateOptions, UsageError } from '@espalier/core';
import { join, type Moments, type Piece } from './moments.js';

/** The batch norms of a model, as its adapter knows them. */
export interface Norms<K> {
  /** Those with no other in front, then those right behind them, and so on. */
  readonly levels: readonly (readonly K[])[];
  nameOf(norm: K): string;
  /** Runs the model in inference mode; the moments of what enters these norms, one piece for each call. */
  listen(norms: readonly K[], x: Tensor): readonly (readonly [K, Piece])[];
  write(norm: K, mean: Float32Array, variance: Float32Array): void;
}

/**
 * Gives every norm the mean and the variance (divided by n) of what enters it, level by level: one pass over the data each,
 * so that later ones see the new statistics of those in front. Masks are applied again after each pass.
 *
 * Throws a UsageError with code 'data-missing' where there are no batches, and an InputError with code 'values-not-finite'
 * where activations are not finite; the model is then as the last whole pass left it.
 */
export async function reestimate<K>(
  norms: Norms<K>,
  { batches, handles = [], onPass }: ReestimateOptions,
): Promise<Reestimated> {
  const { levels, nameOf, write } = norms;
  for (const [i, level] of levels.entries()) {
    const found = await collect(norms, level, batches);
    for (const norm of level) {
      const { count, mean, squares } = found.get(norm)!;
      tidy(() =>
        write(
          norm,
          Float32Array.from(mean),
          Float32Array.from(squares, (s) => s / count),
        ),
      );
    }
    for (const handle of handles) handle.apply();
    onPass?.({ pass: i + 1, passes: levels.length });
  }
  return { layers: levels.flat().map(nameOf), passes: levels.length };
}

async function collect<K>(
  { listen, nameOf }: Norms<K>,
  level: readonly K[],
  batches: ReestimateOptions['batches'],
): Promise<Map<K, Moments>> {
  const found = new Map<K, Moments>();
  for await (const { x } of batches()) {
    const pieces = listen(level, x);
    try {
      for (const [norm, { count, mean, squares }] of pieces) {
        const [m, s] = [Float64Array.from(await mean.data()), Float64Array.from(await squares.data())];
        if (![...m, ...s].every(Number.isFinite)) throw notFinite(nameOf(norm));
        found.set(norm, join(found.get(norm), { count, mean: m, squares: s }));
      }
    } finally {
      for (const [, { mean, squares }] of pieces) for (const own of [mean, squares]) own.dispose();
    }
  }
  if (level.some((norm) => !found.has(norm))) {
    const fix = 'give at least one batch, each time batches() is called';
    throw new UsageError('data-missing', `batch norm is estimated from data, and there is none; ${fix}`, { fix });
  }
  return found;
}

function notFinite(name: string): InputError {
  const fix = 'check the weights in front of it, and the data';
  return new InputError('values-not-finite', `what enters '${name}' is not finite; ${fix}`, { where: name, fix });
}
