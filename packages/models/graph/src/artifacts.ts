import { io, type Tensor } from '@tensorflow/tfjs-core';
import { artifactsOf, type GraphModel } from './tfjs.js';

/**
 * A graph model as files hold it, with the weights that it has now: `model.save` would write those that it was loaded
 * with. Quantised weights come out as float32 or int32. Any TensorFlow.js program loads it. Takes what `adaptGraph` returns,
 * too.
 */
export async function toGraphArtifacts(model: GraphModel | { readonly model: GraphModel }): Promise<io.ModelArtifacts> {
  const graph = 'executor' in model ? model : (model as { readonly model: GraphModel }).model;
  return encode(artifactsOf(graph), graph.weights, new Map());
}

/** Artifacts with other weights: those in `replaced`, else those in `weights`, and none of `without`. The order of the manifest stays. */
export async function encode(
  artifacts: io.ModelArtifacts,
  weights: Readonly<Record<string, readonly Tensor[]>>,
  replaced: ReadonlyMap<string, Tensor>,
  without: ReadonlySet<string> = new Set(),
): Promise<io.ModelArtifacts> {
  const all = (artifacts.weightSpecs ?? []).map(({ name }) => name);
  const known = all.filter((name) => !without.has(name));
  const names = [...known, ...[...replaced.keys()].filter((name) => !all.includes(name))];
  const { data, specs } = await io.encodeWeights(
    names.map((name) => ({ name, tensor: replaced.get(name) ?? weights[name][0] })),
  );
  return { ...artifacts, format: 'graph-model', weightSpecs: specs, weightData: data };
}
