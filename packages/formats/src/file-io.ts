import { basename, dirname } from 'node:path';
import { show, UsageError } from '@espalier/core';
import type { io } from '@tensorflow/tfjs-core';
import type { ReadOptions } from './model-json/model-file.js';
import { readModel } from './read-model.js';
import { writeModel, type WriteOptions } from './model-json/write-model.js';

/**
 * Files as an IOHandler: `tf.loadLayersModel(fileIO('dir'))` and `model.save(fileIO('dir'))`, strict and atomic as
 * `readModel` and `writeModel` are. `path` is the model's folder or its model.json; a model is only saved as model.json.
 */
export function fileIO(path: string, options: ReadOptions & WriteOptions = {}): io.IOHandler {
  return {
    load: async () => (await readModel(path, options)).artifacts,
    save: async (artifacts) => {
      await writeModel(folderOf(path), artifacts, options);
      return {
        modelArtifactsInfo: {
          dateSaved: new Date(),
          modelTopologyType: 'JSON',
          weightDataBytes: [artifacts.weightData ?? []].flat().reduce((sum, data) => sum + data.byteLength, 0),
        },
      };
    },
  };
}

function folderOf(path: string): string {
  if (!path.endsWith('.json')) return path;
  if (basename(path) === 'model.json') return dirname(path);
  throw new UsageError('file-name', `a model is saved as model.json in a folder, got ${show(path)}; give the folder`);
}
