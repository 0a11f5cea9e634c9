export { abandonWrites } from './recover.js';
export { fileIO } from './file-io.js';
export { espalier, readEspalier, type ReadCompactOptions, writeEspalier } from './compact-file.js';
export {
  DECODE_DEFAULTS,
  decodeEspalier,
  type DecodeOptions,
  ENCODE_DEFAULTS,
  type Encoded,
  encodeEspalier,
  type EncodeOptions,
  encodeWithReport,
  EspalierDecoder,
  type HandlerOptions,
  type Memory,
  type TensorInfo,
  type TensorReport,
  VALUES_OPTIONS,
  type ValuesOption,
  type WebSource,
} from './web.js';
export { type DecodedModel, decodeModelFiles, encodeModelFiles, type ModelFormat, type NamedBytes } from './web.js';
export { type Idx, IDX_DEFAULTS, readIdx, writeIdx } from './idx.js';
export type { Npy } from './npy.js';
export { readNpz } from './read-npz.js';
export { READ_DEFAULTS } from './limits.js';
export { showPath } from './refuse.js';
export { type FileSize, type ModelFile, readModel, type ReadOptions } from './read-model.js';
export {
  readSafetensors,
  type Safetensors,
  type SafetensorsOptions,
  type SafetensorsTensor,
  writeSafetensors,
} from './safetensors.js';
export { type FromOptions, fromSafetensors, toSafetensors } from './safetensors-model.js';
export { compressedSizes, type Sizes } from './sizes.js';
export { writeFile, writeFiles } from './write-files.js';
export { WRITE_DEFAULTS, writeModel, type WriteOptions } from './write-model.js';
