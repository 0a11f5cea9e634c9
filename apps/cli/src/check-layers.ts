import { InputError, isEspalierError, show } from '@espalier/core';
import type { ModelFile } from '@espalier/format';
import { openArtifacts } from '@espalier/pipeline';
import { useBackend } from './backend.js';
import { note } from './ui.js';

/**
 * Whether the layers or nodes are in order and the weights are theirs, which TensorFlow.js alone knows: an InputError says what is
 * wrong. Classes and operations that only some other program brings are refused, or noted: their weights cannot be compared.
 */
export async function checkLayers(file: ModelFile, foreign: 'refuse' | 'note'): Promise<void> {
  await useBackend('cpu');
  try {
    const model = await openArtifacts(file.artifacts, { where: file.path });
    const unknown = model.foreign;
    model.dispose();
    if (unknown.length > 0 && foreign === 'refuse') throw unknownOperation(file.path, unknown);
  } catch (error) {
    if (foreign === 'refuse' || !isEspalierError(error) || error.code !== 'layer-unknown') throw error;
    note(`${error.message}; the weights were not compared with the layers`);
  }
}

function unknownOperation(path: string, names: readonly string[]): InputError {
  const [where, wanted] = [show(path), 'operations that TensorFlow.js has'];
  const found = names.slice(0, 5).map(show).join(', ');
  const fix = 'register them with tf.registerOp() before the model is loaded, or convert it again';
  return new InputError('op-unknown', `${where}: wanted ${wanted}, found ${found}; ${fix}`, {
    where,
    wanted,
    found,
    fix,
  });
}
