// What works in browsers, workers and Node alike: nothing here or below imports a node: module.
export {
  DECODE_DEFAULTS,
  decodeEspalier,
  type DecodeOptions,
  EspalierDecoder,
  type TensorInfo,
} from './compact/decode.js';
export {
  ENCODE_DEFAULTS,
  type Encoded,
  encodeEspalier,
  type EncodeOptions,
  encodeWithReport,
  VALUES_OPTIONS,
} from './compact/encode.js';
export { espalier, type HandlerOptions, type Memory, type WebSource } from './compact/handler.js';
export { type ValuesOption } from './compact/spec.js';
export { type TensorReport } from './compact/tensor.js';
export { decodeModelFiles, type DecodedModel, type NamedBytes } from './decode-files.js';
export type { ModelFormat } from './model-json/document.js';
export { encodeModelFiles } from './model-json/encode-document.js';
export { decodeIdx } from './arrays/idx-bytes.js';
export type { Idx } from './arrays/idx-parse.js';
export { decodeNpy, type Npy } from './arrays/npy.js';
export { decodeNpz, NPZ_DEFAULTS } from './arrays/npz.js';
