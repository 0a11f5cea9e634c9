import { Curve } from './abi';
import { madd } from './madd';

/** e^x by 2^n·e^r, |r| ≤ ln 2 / 2, with a polynomial for e^r: about 1e-7 relative. Written out, for Mathf.exp has tables. */
@inline
function exp(v: v128): v128 {
  const x = f32x4.min(f32x4.max(v, f32x4.splat(-87)), f32x4.splat(88));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375))), f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = madd(p, r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(madd(f32x4.mul(r, r), p, r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}

/** PReLU: max(v, 0) + slope·min(v, 0); swish: v·sigmoid(v). */
@inline
export function apply(curve: i32, v: v128, slope: v128): v128 {
  const zero = f32x4.splat(0);
  if (curve == Curve.PRELU) return f32x4.add(f32x4.max(v, zero), f32x4.mul(slope, f32x4.min(v, zero)));
  const one = f32x4.splat(1);
  if (curve == Curve.ELU) return v128.bitselect(f32x4.sub(exp(v), one), v, f32x4.lt(v, zero));
  const z = curve == Curve.TANH ? f32x4.add(v, v) : v;
  const s = f32x4.div(one, f32x4.add(one, exp(f32x4.neg(z))));
  if (curve == Curve.SWISH) return f32x4.mul(v, s);
  return curve == Curve.TANH ? f32x4.sub(f32x4.add(s, s), one) : s;
}

/** In place on y [pixels, channels], with a slope for each channel. */
export function activate(curve: i32, y: usize, pixels: i32, channels: i32, slopes: usize): void {
  for (let n: i32 = 0; n < pixels; n++) {
    let c: i32 = 0;
    for (; c + 4 <= channels; c += 4, y += 16) v128.store(y, apply(curve, v128.load(y), v128.load(slopes + (<usize>c << 2))));
    for (; c < channels; c++, y += 4) {
      const v = apply(curve, v128.load32_splat(y), v128.load32_splat(slopes + (<usize>c << 2)));
      store<f32>(y, f32x4.extract_lane(v, 0));
    }
  }
}
