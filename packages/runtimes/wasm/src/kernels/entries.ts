/** The nonzero weights of a matrix [inputs, outputs]: those of input k are entries starts[k] to starts[k + 1] − 1, by ascending output. */
export interface Entries {
  readonly starts: Uint32Array;
  readonly outputs: Uint32Array;
  readonly values: Float32Array;
}

/** Found by looking at every weight. */
export function scan(weights: Float32Array, inputs: number, outputs: number): Entries {
  let count = 0;
  for (let i = 0; i < inputs * outputs; i++) if (weights[i] !== 0) count++;
  const [starts, places, values] = [new Uint32Array(inputs + 1), new Uint32Array(count), new Float32Array(count)];
  let next = 0;
  for (let k = 0, i = 0; k < inputs; k++) {
    for (let m = 0; m < outputs; m++, i++) {
      if (weights[i] === 0) continue;
      places[next] = m;
      values[next++] = weights[i];
    }
    starts[k + 1] = next;
  }
  return { starts, outputs: places, values };
}

/** Of values at ascending positions; those that are zero after all, −0 among them, are left out. */
export function entriesAt(positions: Uint32Array, values: Float32Array, inputs: number, outputs: number): Entries {
  const starts = new Uint32Array(inputs + 1);
  const places = new Uint32Array(positions.length);
  const kept = new Float32Array(positions.length);
  let [next, k, begin] = [0, 0, 0];
  for (let i = 0; i < positions.length; i++) {
    if (values[i] === 0) continue;
    while (positions[i] >= begin + outputs) {
      starts[++k] = next;
      begin += outputs;
    }
    places[next] = positions[i] - begin;
    kept[next++] = values[i];
  }
  while (k < inputs) starts[++k] = next;
  return { starts, outputs: places.subarray(0, next), values: kept.subarray(0, next) };
}

/** For each group of `rows` neighbouring outputs, how many of the inputs from `from` to `to` have an entry in it. */
export function countGroups(
  { starts, outputs }: Entries,
  from: number,
  to: number,
  rows: number,
  counts: Uint32Array,
): void {
  counts.fill(0);
  for (let k = from; k < to; k++) {
    for (let e = starts[k], last = -1; e < starts[k + 1]; e++) {
      const group = (outputs[e] / rows) | 0;
      if (group !== last) counts[group]++;
      last = group;
    }
  }
}
