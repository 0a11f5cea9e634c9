export { abandonWrites } from './disk/recover.js';
export { fileIO } from './file-io.js';
export { espalier, readEspalier, type ReadCompactOptions, writeEspalier } from './compact/file.js';
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
export { type Idx, IDX_DEFAULTS, readIdx, writeIdx } from './arrays/idx.js';
export type { Npy } from './arrays/npy.js';
export { readNpz } from './arrays/read-npz.js';
export { READ_DEFAULTS } from './kit/limits.js';

export type { FileSize } from './disk/files.js';
export type { ModelFile, ReadOptions } from './model-json/model-file.js';
export { readModel } from './read-model.js';
export { readSafetensors, type SafetensorsOptions } from './safetensors/read.js';
export type { Safetensors, SafetensorsTensor } from './safetensors/tensors.js';
export { writeSafetensors } from './safetensors/write.js';
export { type FromOptions, fromSafetensors, toSafetensors } from './safetensors/model.js';
export { compressedSizes, type Sizes } from './disk/sizes.js';
export { writeFile, writeFiles } from './disk/write-files.js';
export { WRITE_DEFAULTS, writeModel, type WriteOptions } from './model-json/write-model.js';
