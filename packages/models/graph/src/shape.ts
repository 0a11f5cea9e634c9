/**
 * A size as far as it is known. A negative size −k is k for each sample of the batch: −1 is the batch itself, and a batch
 * folded with 49 positions is −49. So sizes multiply and divide as plain numbers do. null = unknown.
 */
export type Dim = number | null;
/** null = not even the rank is known. */
export type Shape = readonly Dim[] | null;

export const product = (sizes: readonly Dim[]): Dim =>
  sizes.reduce<Dim>((a, b) => (a === null || b === null ? null : a * b), 1);

/** The size that two operands have together; null where it is not known. */
function together(a: Dim, b: Dim): Dim {
  if (a === 1) return b;
  if (b === 1 || a === b) return a;
  // One of them is unknown: a known size above 1 decides.
  return a === null ? b : b === null ? a : null;
}

/** The shape of an elementwise operation's result. */
export function broadcast(shapes: readonly Shape[]): Shape {
  let out: readonly Dim[] = [];
  for (const shape of shapes) {
    if (!shape) return null;
    const rank = Math.max(out.length, shape.length);
    const at = (s: readonly Dim[], i: number) => s[i - rank + s.length] ?? (i < rank - s.length ? 1 : null);
    const [left, right] = [out, shape];
    out = Array.from({ length: rank }, (_, i) => together(at(left, i), at(right, i)));
  }
  return out;
}

/** Positions per sample: all of `sizes`, the batch divided out. */
export function perSample(sizes: readonly Dim[], batch: Dim): number | null {
  const all = product(sizes);
  if (all === null) return null;
  if (all < 0) return -all;
  return batch !== null && batch > 0 && all % batch === 0 ? all / batch : all;
}

/** Sizes of a window's result along one axis. */
export function windowed(size: Dim, { window, stride, dilation = 1, padding, around = 0 }: Window): Dim {
  if (size === null || size < 0) return null;
  if (padding === 'SAME') return Math.ceil(size / stride);
  return Math.max(0, Math.ceil((size + around - (window - 1) * dilation) / stride));
}

export interface Window {
  readonly window: number;
  readonly stride: number;
  readonly dilation?: number;
  readonly padding: string;
  /** Explicit padding, both sides together. */
  readonly around?: number;
}

/** An axis from the front; undefined where it lies outside. */
export function axisOf(axis: number, rank: number): number | undefined {
  const from = axis < 0 ? axis + rank : axis;
  return Number.isInteger(from) && from >= 0 && from < rank ? from : undefined;
}

/** A shape as people see it: null = open or unknown. */
export const shown = (shape: Shape): (number | null)[] =>
  (shape ?? []).map((size) => (size === null || size < 0 ? null : size));
