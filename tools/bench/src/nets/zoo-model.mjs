import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import { ZOO } from '@espalier/zoo';

/** A net of the zoo as tfjs-layers loads it. */
export function zooModel(name) {
  const file = (part) => readFileSync(join(ZOO[name].dir, part));
  const { modelTopology, weightsManifest } = JSON.parse(file('model.json').toString());
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const weightData = new Uint8Array(file(weightsManifest[0].paths[0])).buffer;
  return tfl.loadLayersModel({ load: async () => ({ modelTopology, weightSpecs, weightData }) });
}
