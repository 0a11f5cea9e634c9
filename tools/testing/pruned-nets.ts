// Whole networks with zeros in them, for tests of what runs them.
import { dirname, join } from 'node:path';
import { adaptGraph } from '@espalier/adapter-graph';
import { adaptLayers, loadLayersModel } from '@espalier/adapter-layers';
import { prune, type Strategy } from '@espalier/core';
import { readModel } from '@espalier/format';
import { magnitude } from '@espalier/scorer-magnitude';
import { block } from '@espalier/strategy-block';
import { nm } from '@espalier/strategy-nm';
import { unstructured } from '@espalier/strategy-unstructured';
import { ZOO } from '@espalier/zoo';
import type { io } from '@tensorflow/tfjs-core';

const human = join(dirname(require.resolve('@vladmandic/human')), '..', 'models');

/** The zoo's, and one of fused operations that others made, with the shape of a batch for each. */
export const NETS = {
  'lenet-5': { path: ZOO['lenet-5'].dir, shape: [2, 28, 28, 1] },
  'resnet-ds': { path: ZOO['resnet-ds'].dir, shape: [2, 28, 28, 1] },
  liveness: { path: join(human, 'liveness.json'), shape: [2, 32, 32, 3] },
} as const;
export type NetName = keyof typeof NETS;

/** Ways to cut single weights, and how much of the network goes. */
const CUTS: Readonly<Record<Cut, { strategy: Strategy; sparsity?: number }>> = {
  unstructured: { strategy: unstructured(), sparsity: 0.9 },
  '2:4': { strategy: nm({ tail: 'dense' }) },
  '4x1': { strategy: block({ tail: 'dense' }), sparsity: 0.8 },
};
export type Cut = 'unstructured' | '2:4' | '4x1';

/** A network as it is after pruning by magnitude: its zeros, with shapes and everything else unchanged. */
export async function prunedNet(name: NetName, cut: Cut): Promise<{ artifacts: io.ModelArtifacts; shape: number[] }> {
  const { path, shape } = NETS[name];
  const { format, artifacts } = await readModel(path);
  const model = format === 'graph-model' ? await adaptGraph(artifacts) : adaptLayers(await loadLayersModel(artifacts));
  try {
    const { handle } = await prune(model, { scorer: magnitude(), ...CUTS[cut] });
    handle.makePermanent();
    const pruned = await model.toArtifacts();
    return { artifacts: pruned, shape: [...shape] };
  } finally {
    model.dispose();
  }
}
