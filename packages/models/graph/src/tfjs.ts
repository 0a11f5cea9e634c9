/**
 * The parts of tfjs-converter that its documentation does not speak of, in one place: the artifacts that a model was loaded
 * from, and the map that its executor reads weights from.
 */
import { InputError, show } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type GraphModel, loadGraphModelSync } from '@tensorflow/tfjs-converter';
// Registers the gradients of TensorFlow.js's ops, which neither the core nor the converter brings in Node.
import '@tensorflow/tfjs-layers';

export type { GraphModel };

interface Inside {
  readonly artifacts: tf.io.ModelArtifacts;
  readonly executor: {
    weightMap: Record<string, tf.Tensor[]>;
    readonly graph: { readonly nodes: Readonly<Record<string, { name: string; op: string; category?: string }>> };
  };
}

/** What a model was loaded from, its weights as they were then. */
export const artifactsOf = (model: GraphModel): tf.io.ModelArtifacts => (model as unknown as Inside).artifacts;

export const isGraphModel = (value: object): value is GraphModel => 'executor' in value && 'modelSignature' in value;

/**
 * The variables that hold a model's weights. A model loads plain tensors; here variables take their place, under the same
 * names and for good, so that masks and optimizers change what the model computes.
 */
export function holdWeights(model: GraphModel, names: readonly string[]): Map<string, tf.Variable> {
  const { executor } = model as unknown as Inside;
  const held = new Map<string, tf.Variable>();
  for (const name of names) {
    const [tensor] = executor.weightMap[name];
    if (tensor instanceof tf.Variable) held.set(name, tensor);
    else {
      const variable = tf.variable(tensor);
      tensor.dispose();
      executor.weightMap[name] = [variable];
      held.set(name, variable);
    }
  }
  // The setter notes which tensors a run must not dispose.
  executor.weightMap = { ...executor.weightMap };
  return held;
}

/** The first node of each operation that TensorFlow.js has no code for: its table of operations gave it no category. */
export function unknownNodes(model: GraphModel): { name: string; op: string }[] {
  const { nodes } = (model as unknown as Inside).executor.graph;
  const found = new Map<string, { name: string; op: string }>();
  for (const { name, op, category } of Object.values(nodes))
    if (category === undefined && !found.has(op)) found.set(op, { name, op });
  return [...found.values()];
}

/**
 * A model from artifacts, which are left as they are. Nothing is left behind if it cannot be loaded, and an InputError with
 * code 'topology-invalid' says what TensorFlow.js says.
 */
export function loadModel(artifacts: tf.io.ModelArtifacts): GraphModel {
  try {
    const versions = { producer: 0, minConsumer: 0 };
    // TensorFlow.js writes into the nodes that it is given.
    const modelTopology = structuredClone({ versions, ...(artifacts.modelTopology as object) });
    let model: GraphModel | undefined;
    tf.tidy(() => {
      model = loadGraphModelSync({ ...artifacts, modelTopology }) as unknown as GraphModel;
      for (const tensor of Object.values(model.weights).flat()) tf.keep(tensor);
    });
    return model!;
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const fix = 'convert the model again';
    const message = `TensorFlow.js cannot load the graph: ${show(found)}; ${fix}`;
    throw new InputError('topology-invalid', message, { where: 'modelTopology', found, fix, cause: error });
  }
}
