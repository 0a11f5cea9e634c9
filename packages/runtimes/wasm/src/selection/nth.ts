const BINS = 4096;
const BIN_BITS = 12;

/** The key of rank `rank` (0 = lowest) among `keys`: histograms of 4,096 bins over a range that narrows to one value. */
export function nth(keys: Int32Array, rank: number): number {
  let [low, high] = [keys[0], keys[0]];
  for (let i = 1; i < keys.length; i++) {
    if (keys[i] < low) low = keys[i];
    else if (keys[i] > high) high = keys[i];
  }
  let rest = keys;
  let left = rank;
  for (;;) {
    const range = (high - low) >>> 0;
    const shift = Math.max(0, 32 - Math.clz32(range) - BIN_BITS);
    const counts = new Uint32Array(BINS);
    for (let i = 0; i < rest.length; i++) counts[((rest[i] - low) >>> 0) >>> shift]++;
    let bin = 0;
    while (left >= counts[bin]) left -= counts[bin++];
    const first = (low + bin * 2 ** shift) | 0;
    if (shift === 0) return first;
    const next = new Int32Array(counts[bin]);
    for (let i = 0, n = 0; i < rest.length; i++) if (((rest[i] - low) >>> 0) >>> shift === bin) next[n++] = rest[i];
    rest = next;
    low = first;
    high = (first + (2 ** shift - 1)) | 0;
  }
}
