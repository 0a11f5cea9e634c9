export { fileIO } from './file-io.js';
export { type ModelFormat } from './document.js';
export { type Idx, IDX_DEFAULTS, readIdx, writeIdx } from './idx.js';
export { type FileSize, type ModelFile, READ_DEFAULTS, readModel, type ReadOptions } from './read-model.js';
export { compressedSizes, type Sizes } from './sizes.js';
export { writeFile, writeFiles } from './write-files.js';
export { WRITE_DEFAULTS, writeModel, type WriteOptions } from './write-model.js';
