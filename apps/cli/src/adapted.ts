import { adaptGraph, describeGraph, type GraphPrunable, toGraphArtifacts } from '@espalier/adapter-graph';
import {
  adaptLayers,
  describeLayers,
  type LayersPrunable,
  loadLayersModel,
  toArtifacts,
} from '@espalier/adapter-layers';
import type { ModelFile } from '@espalier/format';
import type { io } from '@tensorflow/tfjs-core';

/** A model of either format, ready to be pruned. */
export type AnyPrunable = LayersPrunable | GraphPrunable;

type Shape = readonly (number | null)[];

export const isGraph = (model: AnyPrunable): model is GraphPrunable => 'inputShapes' in model;

/** Loads and adapts what was read; nothing is left behind if that fails. */
export async function adaptFile(
  { format, artifacts }: Pick<ModelFile, 'format' | 'artifacts'>,
  loss?: string,
): Promise<AnyPrunable> {
  const options = loss === undefined ? {} : { loss };
  if (format === 'graph-model') return adaptGraph(artifacts, options);
  const layers = await loadLayersModel(artifacts);
  try {
    return adaptLayers(layers, options);
  } catch (error) {
    layers.dispose();
    throw error;
  }
}

/** The same model with another loss. */
export const withLoss = (model: AnyPrunable, loss: string): AnyPrunable =>
  isGraph(model) ? adaptGraph(model.model, { loss }) : adaptLayers(model.model, { loss });

/** What is written to files. */
export const artifactsOf = (model: AnyPrunable): Promise<io.ModelArtifacts> =>
  isGraph(model) ? toGraphArtifacts(model) : toArtifacts(model.model);

export const describe = (model: AnyPrunable) => (isGraph(model) ? describeGraph(model) : describeLayers(model));

/** What the user should hear about the model itself. */
export const notesOf = (model: AnyPrunable): readonly string[] => (isGraph(model) ? model.notes : []);

/** With the batch in front; null = open. */
export const inputShapes = (model: AnyPrunable): readonly Shape[] =>
  isGraph(model) ? model.inputShapes : model.model.inputs.map(({ shape }) => shape);

/** The same of outputs; [] = not known. */
export const outputShapes = (model: AnyPrunable): readonly Shape[] =>
  isGraph(model) ? model.outputShapes : model.model.outputs.map(({ shape }) => shape);

/** Whether nothing follows the last sum of products. */
export function hasLinearOutput(model: AnyPrunable): boolean {
  if (isGraph(model)) return model.linear;
  const { layers, outputs } = model.model;
  const { activation } = layers[layers.length - 1].getConfig();
  return outputs.length === 1 && (activation === undefined || activation === 'linear');
}

/** How often each weight of a graph is used at an input shape, batch first. */
export const usesAt = ({ artifacts }: ModelFile, inputShape: readonly number[]) => {
  const fixed = adaptGraph(artifacts, { inputShape });
  try {
    return new Map(fixed.params.map(({ id, uses }) => [id, uses]));
  } finally {
    fixed.dispose();
  }
};
