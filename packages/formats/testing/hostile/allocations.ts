/** Runs `work`, and answers with the size of the largest buffer that JavaScript asked for meanwhile. */
export async function largestAllocation(work: () => Promise<unknown>): Promise<number> {
  const kept = { ArrayBuffer, Uint8Array, Float32Array, Uint32Array, Int32Array };
  let largest = 0;
  const spied = Object.entries(kept).map(([name, Type]) => [
    name,
    new Proxy(Type, {
      construct(target, args: unknown[], newTarget) {
        const [size] = args;
        const width = 'BYTES_PER_ELEMENT' in target ? target.BYTES_PER_ELEMENT : 1;
        if (typeof size === 'number') largest = Math.max(largest, size * width);
        return Reflect.construct(target, args, newTarget) as object;
      },
    }),
  ]);
  Object.assign(globalThis, Object.fromEntries(spied));
  try {
    await work();
  } finally {
    Object.assign(globalThis, kept);
  }
  return largest;
}
