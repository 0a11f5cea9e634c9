/** Data that is not the zoo's. */

/** `size` samples of `width` numbers; the label is the place of the largest of the first `classes`. */
export function separable(size: number, width: number, classes: number) {
  const rows = Array.from({ length: size }, (_, i) => {
    const label = i % classes;
    return { label, x: Array.from({ length: width }, (_, j) => (j === label ? 2 : 0) + Math.sin(i * 7 + j * 3) / 4) };
  });
  return {
    x: { type: 'f4', shape: [size, width], values: rows.flatMap(({ x }) => x) },
    y: { type: 'i8', shape: [size], values: rows.map(({ label }) => label) },
  } as const;
}
