import type { NetOutcome } from './nets.js';

/**
 * Of a network that ran with `kernel` wherever it fits: it agrees with cpu, it left nothing behind, and at least `most` of its weights
 * ran on the kernel.
 */
export function expectNet(
  { stock, accelerated, undone, layers, left }: NetOutcome,
  kernel: string,
  most: number,
): void {
  for (const error of [stock, accelerated, undone]) expect(error).toBeLessThanOrEqual(1e-4);
  expect(left).toEqual({ tensors: 0, bytes: 0, afterModel: 0 });
  if (kernel === 'auto') {
    const measured = layers.filter(({ reason }) => / ran [\d.]+× as fast as the stock kernel on /.test(reason));
    expect(measured.length).toBeGreaterThanOrEqual(most);
  } else {
    expect(layers.filter((layer) => layer.kernel === kernel).length).toBeGreaterThanOrEqual(most);
  }
}
