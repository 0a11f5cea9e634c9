/** How many values a shape holds. */
export const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
