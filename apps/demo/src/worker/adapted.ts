/** A model of either format, ready to be pruned. The adapter of graph models comes with the first one of them. */
import type { GraphPrunable } from '@espalier/adapter-graph';
import { adaptLayers, type LayersPrunable, loadLayersModel, toArtifacts } from '@espalier/adapter-layers';
import type { PrunableModel } from '@espalier/core';
import type { io } from '@tensorflow/tfjs-core';

export type AnyPrunable = LayersPrunable | GraphPrunable;
type Shape = readonly (number | null)[];

const loadGraphs = () => import('@espalier/adapter-graph');
const isGraph = (model: AnyPrunable): model is GraphPrunable => 'inputShapes' in model;

/** Loads and adapts what was read, with cross-entropy where the output is a linear one; nothing is left behind if that fails. */
export async function adapt(artifacts: io.ModelArtifacts): Promise<AnyPrunable> {
  if (artifacts.format === 'graph-model') {
    const { adaptGraph } = await loadGraphs();
    const graph = adaptGraph(artifacts);
    return graph.linear && graph.output === 'other' ? adaptGraph(graph.model, { loss: 'softmaxCrossEntropy' }) : graph;
  }
  const layers = await loadLayersModel(artifacts);
  try {
    const model = adaptLayers(layers);
    const needsLoss = model.output === 'other' && model.loss === undefined && endsLinear(model);
    return needsLoss ? adaptLayers(layers, { loss: 'softmaxCrossEntropy' }) : model;
  } catch (error) {
    layers.dispose();
    throw error;
  }
}

function endsLinear({ model }: LayersPrunable): boolean {
  const { activation } = model.layers[model.layers.length - 1].getConfig();
  return model.outputs.length === 1 && (activation === undefined || activation === 'linear');
}

export async function artifactsOf(model: PrunableModel): Promise<io.ModelArtifacts> {
  const any = model as AnyPrunable;
  if (!isGraph(any)) return toArtifacts(any.model);
  const { toGraphArtifacts } = await loadGraphs();
  return toGraphArtifacts(any);
}

/** With the batch in front; null = open. */
export const inputShapes = (model: AnyPrunable): readonly Shape[] =>
  isGraph(model) ? model.inputShapes : model.model.inputs.map(({ shape }) => shape);

export const outputShapes = (model: AnyPrunable): readonly Shape[] =>
  isGraph(model) ? model.outputShapes : model.model.outputs.map(({ shape }) => shape);

export const notesOf = (model: AnyPrunable): readonly string[] => (isGraph(model) ? model.notes : []);
