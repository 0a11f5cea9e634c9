import { type Group, type Param, sizeOf } from '@espalier/core';

/**
 * Squared first-order change of the loss when a unit's weights go together: (Σ w·g)² over every site of the group, one
 * value per unit. Sites without a gradient add nothing; undefined where no site has one.
 */
export function unitTaylor(
  group: Group,
  params: readonly Param[],
  contributions: ReadonlyMap<string, Float64Array>,
): Float32Array | undefined {
  const sums = new Float64Array(group.size);
  let scored = false;
  for (const { param, axis, unitOf } of group.sites) {
    const values = contributions.get(param);
    const shape = params.find(({ id }) => id === param)?.shape;
    if (!values || !shape) continue;
    scored = true;
    const inner = sizeOf(shape.slice(axis + 1));
    for (let i = 0; i < values.length; i++) {
      const unit = unitOf[Math.floor(i / inner) % shape[axis]];
      if (unit >= 0) sums[unit] += values[i];
    }
  }
  return scored ? Float32Array.from(sums, (sum) => sum * sum) : undefined;
}
