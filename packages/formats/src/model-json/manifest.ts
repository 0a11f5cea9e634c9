import type { io } from '@tensorflow/tfjs-core';
import { show } from '@espalier/core';
import { isObject, type JsonObject, kind, refuse } from '../kit/refuse.js';

/** Weights that are stored one after the other in `paths`. */
export interface WeightGroup {
  readonly paths: readonly string[];
  readonly specs: readonly io.WeightsManifestEntry[];
}

const DTYPES = ['float32', 'int32', 'bool', 'string', 'complex64'];
/** The dtypes that TensorFlow.js can restore from each quantised one. */
const QUANTIZED: Record<string, { max: number; of: readonly string[] }> = {
  uint8: { max: 2 ** 8 - 1, of: ['float32', 'int32'] },
  uint16: { max: 2 ** 16 - 1, of: ['float32', 'int32'] },
  float16: { max: 0, of: ['float32'] },
};
/** TensorFlow's own limit. */
const MOST_AXES = 254;
const FLOAT32_MAX = 3.4028234663852886e38;
const FIX = 'export the model again';

/**
 * The groups of a `weightsManifest`, every field checked. Says nothing about the files.
 * InputErrors: 'manifest-invalid', 'weight-name', 'weight-duplicate', 'weight-shape', 'weight-dtype', 'weight-quantization'.
 */
export function checkManifest(manifest: unknown, where: string): WeightGroup[] {
  const names = new Set<string>();
  return list(manifest, `${where}: weightsManifest`).map((group, g) => {
    const at = `${where}: weightsManifest[${g}]`;
    if (!isObject(group)) return refuse('manifest-invalid', at, 'an object', kind(group), FIX);
    const paths = list(group.paths, `${at}.paths`);
    const specs = list(group.weights, `${at}.weights`);
    return {
      paths: paths.map((path, i) =>
        typeof path === 'string'
          ? path
          : refuse('manifest-invalid', `${at}.paths[${i}]`, 'a file name', kind(path), FIX),
      ),
      specs: specs.map((spec, i) => {
        const checked = checkSpec(spec, `${at}.weights[${i}]`, where);
        if (names.has(checked.name)) {
          refuse('weight-duplicate', where, 'each weight once', `${show(checked.name)} twice in the manifest`, FIX);
        }
        names.add(checked.name);
        return checked;
      }),
    };
  });
}

function list(value: unknown, where: string): unknown[] {
  return Array.isArray(value) ? value : refuse('manifest-invalid', where, 'an array', kind(value), FIX);
}

function checkSpec(spec: unknown, at: string, file: string): io.WeightsManifestEntry {
  if (!isObject(spec)) return refuse('manifest-invalid', at, 'an object', kind(spec), FIX);
  const { name, shape, dtype, group } = spec;
  // TensorFlow.js keeps weights as properties of an object, where '__proto__' is none.
  if (typeof name !== 'string' || name === '' || name === '__proto__') {
    return refuse('weight-name', `${at}.name`, "a name that is neither empty nor '__proto__'", kind(name), FIX);
  }
  const where = `${file}: weight ${show(name)}`;
  const dims = list(shape, `${where}: shape`);
  if (dims.length > MOST_AXES) {
    return refuse('weight-shape', `${where}: shape`, `at most ${MOST_AXES} axes`, `${dims.length}`, FIX);
  }
  const sizes = dims.every((dim) => Number.isSafeInteger(dim) && (dim as number) >= 0);
  if (!sizes || !((dims as number[]).reduce((a, b) => a * Math.max(b, 1), 1) <= Number.MAX_SAFE_INTEGER)) {
    const found = `[${dims.slice(0, 8).map(kind).join(', ')}]`;
    const wanted = sizes ? 'fewer than 2^53 values' : 'sizes that are whole numbers ≥ 0';
    return refuse('weight-shape', `${where}: shape`, wanted, found, FIX);
  }
  if (typeof dtype !== 'string' || !DTYPES.includes(dtype)) {
    return refuse('weight-dtype', `${where}: dtype`, `one of ${DTYPES.join(', ')}`, kind(dtype), FIX);
  }
  if (group !== undefined && group !== null && group !== 'model' && group !== 'optimizer') {
    return refuse('manifest-invalid', `${where}: group`, "'model' or 'optimizer'", kind(group), FIX);
  }
  const quantization = spec.quantization ?? undefined;
  if (quantization !== undefined) checkQuantization(quantization, dtype, `${where}: quantization`);
  return {
    name,
    shape: dims as number[],
    dtype: dtype as io.WeightsManifestEntry['dtype'],
    ...(group && { group }),
    ...(quantization !== undefined && { quantization: quantization as io.WeightsManifestEntry['quantization'] }),
  };
}

function checkQuantization(quantization: unknown, dtype: string, where: string): asserts quantization is JsonObject {
  const fail = (wanted: string, found: string): never => refuse('weight-quantization', where, wanted, found, FIX);
  if (!isObject(quantization)) return fail('an object', kind(quantization));
  const { dtype: stored, scale, min } = quantization;
  if (typeof stored !== 'string' || !Object.hasOwn(QUANTIZED, stored)) {
    return fail(`a dtype of ${Object.keys(QUANTIZED).join(', ')}`, kind(stored));
  }
  const { max, of } = QUANTIZED[stored];
  if (!of.includes(dtype)) fail(`${stored} for a weight of ${of.join(' or ')}`, dtype);
  if (stored === 'float16') return;
  if (!(typeof scale === 'number' && scale > 0 && scale < Infinity)) fail('a finite scale above 0', kind(scale));
  if (!(typeof min === 'number' && Number.isFinite(min))) fail('a finite min', kind(min));
  const largest = Math.max(Math.abs(min as number), Math.abs(max * (scale as number) + (min as number)));
  if (!(largest <= FLOAT32_MAX)) fail('scale and min that stay in the range of float32', `values up to ${largest}`);
}
