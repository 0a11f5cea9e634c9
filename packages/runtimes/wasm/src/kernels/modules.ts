import { MODULE } from './binary.js';

/** Relaxed SIMD multiplies and adds in one instruction; Node has it from 22 on. */
export type Build = 'relaxed-simd' | 'simd';

/** The smallest modules that need what a build needs: i8x16.splat, and f32x4.relaxed_madd of three of them. */
export const PROBES: Readonly<Record<Build, readonly number[]>> = {
  'relaxed-simd': [
    [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0],
    [65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 11],
  ].flat(),
  simd: [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11],
};

/** The builds that this engine accepts, the quickest first; none where it cannot inflate them either. */
export const supportedBuilds = (): Build[] =>
  typeof DecompressionStream === 'undefined'
    ? []
    : (Object.keys(PROBES) as Build[]).filter((build) => WebAssembly.validate(Uint8Array.from(PROBES[build])));

/** f64x2.mul and f64x2.add, as the module has them, with 0xfd before and 1 behind; it uses neither for anything else (assembly/madd.ts). */
const [MUL, ADD] = [0xf2, 0xf0];

/** What a build has there: f32x4.mul and f32x4.add, or three times nothing and f32x4.relaxed_madd. */
const INSTRUCTIONS: Readonly<Record<Build, Readonly<Record<number, readonly number[]>>>> = {
  'relaxed-simd': { [MUL]: [1, 1, 1], [ADD]: [0xfd, 0x85, 2] },
  simd: { [MUL]: [0xfd, 0xe6, 1], [ADD]: [0xfd, 0xe4, 1] },
};

let inflating: Promise<Uint8Array<ArrayBuffer>> | undefined;

/** A compiled module, as bytes of one's own. */
export async function moduleOf(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = (await (inflating ??= inflate(MODULE))).slice();
  for (let at = 0; at < bytes.length - 2; at++) {
    if (bytes[at] !== 0xfd || bytes[at + 2] !== 1) continue;
    const found = INSTRUCTIONS[build][bytes[at + 1]];
    if (found) bytes.set(found, at);
  }
  return bytes;
}

async function inflate(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const deflated = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
