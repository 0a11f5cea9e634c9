// Selection in chunks of scores: one pass that counts what lies outside of a bracket and gathers what lies inside. The module has a
// memory of its own; abi.ts says what stands where.
import { BITS, COUNTS, ChunkCounts, INSIDE, SCORES, SHUFFLES } from './abi';

export function prepare(): void {
  for (let pattern = 0; pattern < 16; pattern++) {
    let at = SHUFFLES + (<usize>pattern << 4);
    for (let lane = 0; lane < 4; lane++) {
      if (((pattern >> lane) & 1) === 0) continue;
      for (let byte = 0; byte < 4; byte++) store<u8>(at++, <u8>(4 * lane + byte));
    }
    while (at < SHUFFLES + (<usize>(pattern + 1) << 4)) store<u8>(at++, 255);
  }
}

/** Float bits as integers in the same order; −0 and +0 are both 0. */
// @ts-ignore: decorator
@inline
function keys(bits: v128): v128 {
  const sign = i32x4.shr_s(bits, 31);
  return i32x4.sub(v128.xor(v128.and(bits, i32x4.splat(0x7fffffff)), sign), sign);
}

// @ts-ignore: decorator
@inline
function keyOf(bits: i32): i32 {
  const sign = bits >> 31;
  return ((bits & 0x7fffffff) ^ sign) - sign;
}

// @ts-ignore: decorator
@inline
function total(lanes: v128): i32 {
  return (
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  );
}

// @ts-ignore: decorator
@inline
function gather(x: v128, inside: v128, to: usize): usize {
  const pattern = i32x4.bitmask(inside);
  v128.store(to, i8x16.swizzle(x, v128.load(SHUFFLES + (<usize>pattern << 4))));
  return to + (<usize>popcnt(pattern) << 2);
}

/** ChunkCounts a chunk's keys about a bracket into COUNTS, and gathers those strictly between low and high; returns how many. */
export function bracket(size: i32, low: i32, high: i32): i32 {
  const lows = i32x4.splat(low);
  const highs = i32x4.splat(high);
  const magnitude = i32x4.splat(0x7fffffff);
  let below = i32x4.splat(0);
  let over = i32x4.splat(0);
  let above = i32x4.splat(0);
  let largest = i32x4.splat(0);
  let to = INSIDE;
  let p = SCORES;
  const end = SCORES + (<usize>size << 2);
  const whole = SCORES + (<usize>(size & ~7) << 2);
  while (p < whole) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    largest = i32x4.max_s(largest, i32x4.max_s(v128.and(a, magnitude), v128.and(b, magnitude)));
    const x = keys(a);
    const y = keys(b);
    const overX = i32x4.gt_s(x, lows);
    const overY = i32x4.gt_s(y, lows);
    // A comparison that holds is −1.
    below = i32x4.sub(below, i32x4.add(i32x4.lt_s(x, lows), i32x4.lt_s(y, lows)));
    over = i32x4.sub(over, i32x4.add(overX, overY));
    above = i32x4.sub(above, i32x4.add(i32x4.gt_s(x, highs), i32x4.gt_s(y, highs)));
    const insideX = v128.and(overX, i32x4.lt_s(x, highs));
    const insideY = v128.and(overY, i32x4.lt_s(y, highs));
    if (v128.any_true(v128.or(insideX, insideY))) {
      to = gather(x, insideX, to);
      to = gather(y, insideY, to);
    }
    p += 32;
  }
  let belows = total(below);
  let overs = total(over);
  let aboves = total(above);
  let most = max(
    max(i32x4.extract_lane(largest, 0), i32x4.extract_lane(largest, 1)),
    max(i32x4.extract_lane(largest, 2), i32x4.extract_lane(largest, 3)),
  );
  while (p < end) {
    const bits = load<i32>(p);
    const key = keyOf(bits);
    most = max(most, bits & 0x7fffffff);
    if (key < low) belows++;
    if (key > low) overs++;
    if (key > high) aboves++;
    if (key > low && key < high) {
      store<i32>(to, key);
      to += 4;
    }
    p += 4;
  }
  const counts = changetype<ChunkCounts>(COUNTS);
  counts.below = belows;
  counts.over = overs;
  counts.above = aboves;
  counts.largest = most;
  return <i32>((to - INSIDE) >> 2);
}

/** Bit i of BITS = the chunk's score i lies above the cut; returns how many are equal to it. Bits after the last score are 0. */
export function mask(size: i32, cut: i32): i32 {
  const cuts = i32x4.splat(cut);
  let equal = i32x4.splat(0);
  let p = SCORES;
  const whole = size & ~7;
  for (let i = 0; i < whole; i += 8) {
    const x = keys(v128.load(p));
    const y = keys(v128.load(p, 16));
    equal = i32x4.sub(equal, i32x4.add(i32x4.eq(x, cuts), i32x4.eq(y, cuts)));
    const bits = i32x4.bitmask(i32x4.gt_s(x, cuts)) | (i32x4.bitmask(i32x4.gt_s(y, cuts)) << 4);
    store<u8>(BITS + (i >> 3), <u8>bits);
    p += 32;
  }
  let equals = total(equal);
  let last = 0;
  for (let i = whole; i < size; i++) {
    const key = keyOf(load<i32>(p));
    if (key > cut) last |= 1 << (i & 7);
    if (key === cut) equals++;
    p += 4;
  }
  store<u8>(BITS + (whole >> 3), <u8>last);
  return equals;
}
