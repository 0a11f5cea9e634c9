import { show, UsageError } from '@espalier/core';
import { type Entries, entriesAt } from '../kernels/entries.js';

/** A weight as a compact file stores it; what `onTensor` of `@espalier/format` hands over is one. */
export interface StoredWeight {
  readonly spec: {
    readonly name: string;
    readonly shape: readonly number[];
    readonly dtype: string;
    readonly quantization?: unknown;
  };
  /** Ascending places of the stored elements; undefined = all are stored. */
  readonly positions: Uint32Array | undefined;
  /** Their values, as bytes of the dtype. */
  readonly values: Uint8Array;
}

/** Those that the kernels can take as they are, by name: float32, and not dense. */
export function storedByName(stored: Iterable<StoredWeight>): Map<string, StoredWeight> {
  const usable = [...stored].filter(
    ({ spec, positions }) => positions && spec.dtype === 'float32' && !spec.quantization,
  );
  return new Map(usable.map((weight) => [weight.spec.name, weight]));
}

/**
 * The entries of a stored weight. `weights` are the elements of the tensor that it is said to be: they are looked up at the stored
 * places alone, which notices weights that were trained or pruned further since.
 *
 * @throws UsageError `encodings` where shape or values are others.
 */
export function entriesOfStored(
  { spec: { name, shape: stored }, positions, values }: StoredWeight,
  shape: readonly number[],
  weights: Float32Array,
): Entries {
  if (stored.length !== shape.length || stored.some((n, i) => n !== shape[i]))
    throw mismatch(name, `[${stored.join(', ')}]`, `[${shape.join(', ')}]`);
  const floats = new Float32Array(
    values.byteOffset % 4 === 0 ? values.buffer : values.slice().buffer,
    values.byteOffset % 4 === 0 ? values.byteOffset : 0,
    values.length / 4,
  );
  const places = positions!;
  if (floats.length !== places.length) throw mismatch(name, `${places.length} values`, `${floats.length}`);
  let last = -1;
  for (let i = 0; i < places.length; i++) {
    const [at, value] = [places[i], floats[i]];
    if (at <= last || at >= weights.length) throw mismatch(name, `ascending places below ${weights.length}`, `${at}`);
    const found = weights[at];
    if (found !== value && (found === found || value === value)) throw mismatch(name, `${value} at ${at}`, `${found}`);
    last = at;
  }
  const outputs = shape[shape.length - 1];
  return entriesAt(places, floats, weights.length / outputs, outputs);
}

function mismatch(name: string, wanted: string, found: string): UsageError {
  const fix = 'leave encodings out, and accelerate() looks at the weights themselves';
  return new UsageError(
    'encodings',
    `the encoding of ${show(name)} is not that of the model's weights: it says ${wanted}, the model ${found}; ${fix}`,
    { where: name, wanted, found, fix },
  );
}
