/**
 * ExactOBS of one row: removes `steps` weights one after the other, the `forced` first ones in the order given by `order`,
 * then always the one of the least w²/(2·[H⁻¹]_pp), ties to the lower index; the others make up for it as well as they can.
 *
 * The inverse is never downdated. With v_k the scaled column of step k, the inverse after k steps is H⁻¹ − Σ v_k·v_kᵀ, so
 * one column of it costs k·n, and what is gone is swapped behind the end: n³/6 in all, reads only.
 *
 * inverse: n × stride float64, both triangles. weights: n float64 by place, changed. index: n int32, the weight at each place.
 * diagonal: n float64. columns: steps × stride float64. order: out, the weights in the order of removal. loss: out, by step.
 */
export function trace(
  inverse: usize, n: i32, stride: i32, weights: usize, index: usize, diagonal: usize, columns: usize, steps: i32, forced: i32,
  order: usize, loss: usize,
): void {
  const row = <usize>stride << 3;
  for (let i: i32 = 0; i < n; i++) {
    store<i32>(index + (<usize>i << 2), i);
    store<f64>(diagonal + (<usize>i << 3), load<f64>(inverse + <usize>i * row + (<usize>i << 3)));
  }
  let left = n;
  for (let k: i32 = 0; k < steps; k++) {
    const place = k < forced ? find(index, left, load<i32>(order + (<usize>k << 2))) : cheapest(weights, diagonal, index, left);
    const at8 = <usize>place << 3;
    const weight = load<i32>(index + (<usize>place << 2));
    const pivot = load<f64>(diagonal + at8);
    const w = load<f64>(weights + at8);
    store<i32>(order + (<usize>k << 2), weight);
    store<f64>(loss + (<usize>k << 3), (w * w) / (2 * pivot));
    const column = columns + <usize>k * row;
    const source = inverse + <usize>weight * row;
    for (let i: i32 = 0; i < left; i++) {
      store<f64>(column + (<usize>i << 3), load<f64>(source + (<usize>load<i32>(index + (<usize>i << 2)) << 3)));
    }
    let j: i32 = 0;
    for (; j + 4 <= k; j += 4) subtractFour(column, columns + <usize>j * row, row, at8, left);
    for (; j < k; j++) subtractOne(column, columns + <usize>j * row, at8, left);
    apply(column, weights, diagonal, w / pivot, 1 / Math.sqrt(pivot), left);
    left--;
    const last8 = <usize>left << 3;
    store<i32>(index + (<usize>place << 2), load<i32>(index + (<usize>left << 2)));
    store<i32>(index + (<usize>left << 2), weight);
    store<f64>(weights + at8, load<f64>(weights + last8));
    store<f64>(weights + last8, 0);
    store<f64>(diagonal + at8, load<f64>(diagonal + last8));
    for (let i: i32 = 0; i <= k; i++) {
      const v = columns + <usize>i * row;
      store<f64>(v + at8, load<f64>(v + last8));
    }
  }
}

function find(index: usize, left: i32, weight: i32): i32 {
  let i: i32 = 0;
  while (i < left - 1 && load<i32>(index + (<usize>i << 2)) != weight) i++;
  return i;
}

function cheapest(weights: usize, diagonal: usize, index: usize, left: i32): i32 {
  let best: i32 = 0;
  let least = Infinity;
  for (let i: i32 = 0; i < left; i++) {
    const w = load<f64>(weights + (<usize>i << 3));
    const cost = (w * w) / load<f64>(diagonal + (<usize>i << 3));
    if (cost < least || (cost == least && load<i32>(index + (<usize>i << 2)) < load<i32>(index + (<usize>best << 2)))) {
      least = cost;
      best = i;
    }
  }
  return best;
}

function subtractFour(column: usize, v: usize, row: usize, at8: usize, left: i32): void {
  const v1 = v + row, v2 = v1 + row, v3 = v2 + row;
  const f0 = f64x2.splat(load<f64>(v + at8));
  const f1 = f64x2.splat(load<f64>(v1 + at8));
  const f2 = f64x2.splat(load<f64>(v2 + at8));
  const f3 = f64x2.splat(load<f64>(v3 + at8));
  const end = <usize>((left + 1) & ~1) << 3;
  for (let i: usize = 0; i < end; i += 16) {
    const low = f64x2.add(f64x2.mul(f0, v128.load(v + i)), f64x2.mul(f1, v128.load(v1 + i)));
    const high = f64x2.add(f64x2.mul(f2, v128.load(v2 + i)), f64x2.mul(f3, v128.load(v3 + i)));
    v128.store(column + i, f64x2.sub(v128.load(column + i), f64x2.add(low, high)));
  }
}

function subtractOne(column: usize, v: usize, at8: usize, left: i32): void {
  const factor = load<f64>(v + at8);
  for (let i: usize = 0, end = <usize>left << 3; i < end; i += 8) {
    store<f64>(column + i, load<f64>(column + i) - factor * load<f64>(v + i));
  }
}

/** w −= step · column; then column becomes v, and the diagonal loses v². Rounding must not make it negative. */
function apply(column: usize, weights: usize, diagonal: usize, step: f64, scale: f64, left: i32): void {
  for (let i: usize = 0, end = <usize>left << 3; i < end; i += 8) {
    const c = load<f64>(column + i);
    store<f64>(weights + i, load<f64>(weights + i) - step * c);
    const v = c * scale;
    store<f64>(column + i, v);
    const d = load<f64>(diagonal + i);
    store<f64>(diagonal + i, max(d - v * v, d * 1e-12));
  }
}
