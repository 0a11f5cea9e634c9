/**
 * a·b + c: fused in the relaxed build, rounded twice in the other. The two differ in nothing else, so one module is kept, with f64x2
 * in these two places and nowhere else; src/kernels/modules.ts puts the instructions of a build there.
 */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return f64x2.add(f64x2.mul(a, b), c);
}
