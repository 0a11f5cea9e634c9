/** An output's values; the tensor is disposed. */
export async function valuesOf(y) {
  const data = await y.data();
  y.dispose();
  return data;
}

/** The largest difference, as a share of the largest value. */
export function difference(got, wanted) {
  const largest = wanted.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return got.reduce((max, v, i) => Math.max(max, Math.abs(v - wanted[i])), 0) / (largest || 1);
}
