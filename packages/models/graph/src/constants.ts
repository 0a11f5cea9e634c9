import { InputError, show, sizeOf } from '@espalier/core';
import { io } from '@tensorflow/tfjs-core';

type Spec = io.WeightsManifestEntry;

/** What the adapter needs to know of a weight before its tensor is looked at. */
export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Spec['dtype'];
  /** As it is stored, if it is quantised. */
  readonly stored: 'uint8' | 'uint16' | 'float16' | undefined;
  /** The values of small integer weights. */
  readonly ints?: readonly number[];
  /** The value of a float weight with one element. */
  readonly scalar?: number;
}

const BYTES = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 } as const;
/** Sizes, axes, orders of channels; what is larger is data. */
const MOST_INTS = 1 << 16;

/**
 * The weights of a graph, by name, with the values that decide shapes. They are read from the artifacts: tensors give their
 * values only later.
 *
 * Throws an InputError with code 'weights-missing', 'weight-duplicate' or 'weights-invalid'.
 */
export function constantsOf({ weightSpecs, weightData }: io.ModelArtifacts): Map<string, Constant> {
  if (!weightSpecs || !weightData) throw missing();
  const bytes = new Uint8Array(io.CompositeArrayBuffer.join(weightData));
  const constants = new Map<string, Constant>();
  let at = 0;
  for (const spec of weightSpecs) {
    const { name, shape, dtype, quantization } = spec;
    if (constants.has(name)) throw duplicate(name);
    const start = at;
    at = spec.dtype === 'string' ? endOfStrings(spec, bytes, at) : at + sizeOf(shape) * bytesOf(spec);
    if (at > bytes.length) throw short(name, at, bytes.length);
    const values = sizeOf(shape) <= MOST_INTS ? decode(spec, bytes.slice(start, at)) : undefined;
    constants.set(name, {
      name,
      shape,
      dtype,
      stored: quantization?.dtype,
      ...(dtype === 'int32' && values && { ints: values }),
      ...(dtype === 'float32' && values?.length === 1 && { scalar: values[0] }),
    });
  }
  return constants;
}

const bytesOf = ({ dtype, quantization }: Spec) => BYTES[quantization?.dtype ?? (dtype as keyof typeof BYTES)];

function endOfStrings({ name, shape }: Spec, bytes: Uint8Array, start: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = start;
  for (let left = sizeOf(shape); left > 0; left--) {
    if (at + 4 > bytes.length) throw short(name, at + 4, bytes.length);
    at += 4 + view.getUint32(at, true);
  }
  return at;
}

function decode({ shape, dtype, quantization }: Spec, { buffer }: Uint8Array<ArrayBuffer>): number[] | undefined {
  if (dtype === 'int32' && !quantization) return Array.from(new Int32Array(buffer));
  if (dtype === 'float32' && !quantization && sizeOf(shape) === 1) return Array.from(new Float32Array(buffer));
  if (quantization?.dtype !== 'uint8' && quantization?.dtype !== 'uint16') return undefined;
  const stored = quantization.dtype === 'uint8' ? new Uint8Array(buffer) : new Uint16Array(buffer);
  const { scale, min } = quantization as unknown as { scale: number; min: number };
  const values = Array.from(stored, (v) => v * scale + min);
  return dtype === 'int32' ? values.map(Math.round) : values;
}

const FIX = 'convert the model again';

function missing(): InputError {
  const fix = 'load it without streamWeights, or give its artifacts';
  const message = `the graph model comes without the bytes of its weights; ${fix}`;
  return new InputError('weights-missing', message, { where: 'weightData', wanted: 'weights', found: 'none', fix });
}

function duplicate(name: string): InputError {
  return new InputError('weight-duplicate', `two weights are called ${show(name)}; ${FIX}`, {
    where: name,
    wanted: 'a name for each weight',
    found: `${name} twice`,
    fix: FIX,
  });
}

function short(name: string, wanted: number, found: number): InputError {
  const message = `the weights end inside ${show(name)}: wanted ${wanted} bytes, found ${found}; ${FIX}`;
  return new InputError('weights-invalid', message, {
    where: name,
    wanted: `${wanted} bytes`,
    found: `${found} bytes`,
    fix: FIX,
  });
}
