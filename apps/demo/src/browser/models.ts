/** Models that are not the zoo's, as files. */
import { sizeOf } from '@espalier/core';
import { encodeEspalier, encodeModelFiles, type NamedBytes } from '@espalier/format/web';
import type { io } from '@tensorflow/tfjs-core';

/** A network of dense layers with the given widths and values that follow from the seed alone. */
export function denseNet(name: string, ...widths: readonly number[]): io.ModelArtifacts {
  const weightSpecs: io.WeightsManifestEntry[] = [];
  const layers = widths.slice(1).map((units, i) => {
    const last = i === widths.length - 2;
    weightSpecs.push({ name: `fc${i}/kernel`, shape: [widths[i], units], dtype: 'float32' });
    weightSpecs.push({ name: `fc${i}/bias`, shape: [units], dtype: 'float32' });
    return {
      class_name: 'Dense',
      config: {
        name: `fc${i}`,
        units,
        activation: last ? 'softmax' : 'relu',
        ...(i === 0 && { batch_input_shape: [null, widths[0]] }),
      },
    };
  });
  const size = weightSpecs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    format: 'layers-model',
    modelTopology: { class_name: 'Sequential', config: { name, layers } },
    weightSpecs,
    weightData: Float32Array.from({ length: size }, (_, i) => Math.sin(i * i)).buffer,
  };
}

export const asFiles = (artifacts: io.ModelArtifacts): NamedBytes[] =>
  Object.entries(encodeModelFiles(artifacts)).map(([name, bytes]) => ({ name, bytes }));

/** A compact file, one bit of which is wrong. */
export function damaged(artifacts: io.ModelArtifacts): NamedBytes {
  const bytes = encodeEspalier(artifacts);
  bytes[bytes.length >> 1] ^= 4;
  return { name: 'broken.espalier', bytes };
}
