import { adaptGraph, describeGraph, type GraphPrunable, toGraphArtifacts } from '@espalier/adapter-graph';
import {
  adaptLayers,
  describeLayers,
  type LayersPrunable,
  loadLayersModel,
  toArtifacts,
} from '@espalier/adapter-layers';
import { InputError, isEspalierError } from '@espalier/core';
import type { LeftAlone } from '@espalier/adapter-kit';
import { type ModelFile, showPath } from '@espalier/format';
import type { io } from '@tensorflow/tfjs-core';

/** A model of either format, ready to be pruned. */
export type AnyPrunable = LayersPrunable | GraphPrunable;

type Shape = readonly (number | null)[];

export const isGraph = (model: AnyPrunable): model is GraphPrunable => 'inputShapes' in model;

/** Loads and adapts what was read; nothing is left behind if that fails. What is wrong with the layers is said with the file's name. */
export async function adaptFile(
  file: Pick<ModelFile, 'format' | 'artifacts'> & { readonly path?: string },
  loss?: string,
): Promise<AnyPrunable> {
  try {
    return await adaptArtifacts(file, loss === undefined ? {} : { loss });
  } catch (error) {
    if (!isEspalierError(error) || error.name !== 'InputError' || file.path === undefined) throw error;
    const { code, message, wanted, found, fix } = error;
    const where = showPath(file.path);
    throw new InputError(code, `${where}: ${message}`, {
      where: error.where === undefined ? where : `${where}: ${error.where}`,
      ...(wanted !== undefined && { wanted }),
      ...(found !== undefined && { found }),
      ...(fix !== undefined && { fix }),
      cause: error,
    });
  }
}

async function adaptArtifacts(
  { format, artifacts }: Pick<ModelFile, 'format' | 'artifacts'>,
  options: { loss?: string },
): Promise<AnyPrunable> {
  if (format === 'graph-model') return adaptGraph(artifacts, options);
  const layers = await loadLayersModel(artifacts);
  try {
    return adaptLayers(layers, options);
  } catch (error) {
    layers.dispose();
    throw error;
  }
}

/** By model, what holds values that are not finite. */
const unscored = new WeakMap<object, LeftAlone>();

/** The same model with another loss. */
export function withLoss(model: AnyPrunable, loss: string | undefined): AnyPrunable {
  const leaveAlone = unscored.get(model.model);
  const options = { ...(loss !== undefined && { loss }), ...(leaveAlone && { leaveAlone }) };
  return isGraph(model) ? adaptGraph(model.model, options) : adaptLayers(model.model, options);
}

/** The same model, where weights that hold a NaN or an infinity are left alone: nothing can be said of their scores. */
export async function leaveNotFinite(
  model: AnyPrunable,
  loss: string | undefined,
): Promise<{ model: AnyPrunable; found: readonly string[] }> {
  const found: string[] = [];
  for (const { id } of model.params) if (!(await model.read(id)).every(Number.isFinite)) found.push(id);
  if (found.length === 0) return { model, found };
  unscored.set(model.model, Object.fromEntries(found.map((id) => [id, 'holds NaN or infinities'])));
  return { model: withLoss(model, loss), found };
}

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
