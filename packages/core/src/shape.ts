/** How many values a tensor of this shape holds: the product of its sizes, 1 for a scalar. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);
