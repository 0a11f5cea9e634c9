import type { Reestimated, ReestimateOptions } from '@espalier/core';
import { momentsOf, type Piece, reestimate, writeVariable } from '@espalier/adapter-kit';
import * as tf from '@tensorflow/tfjs-core';
import { sourceOf } from './biases.js';
import { predict } from './forward.js';
import type { Graph, OpNode } from './graph.js';
import type { GraphModel } from './tfjs.js';

interface Adapted {
  readonly model: GraphModel;
  readonly graph: Graph;
  /** The nodes that read each parameter. */
  readonly readers: ReadonlyMap<string, readonly string[]>;
  readonly variables: ReadonlyMap<string, tf.Variable>;
}

/** The nodes that share one pair of statistics. */
interface Norm {
  readonly nodes: readonly OpNode[];
  readonly mean: string;
  readonly variance: string;
}

const BATCH_NORMS = ['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3'];
const [MEAN, VARIANCE] = [3, 4];

/**
 * Estimates the stored statistics of the FusedBatchNorm nodes again, those in front first. What the converter folded into the
 * kernels has none any more, and statistics that something else reads as well stay as they are.
 */
export function reestimateNorms(
  { model, graph, readers, variables }: Adapted,
  options: ReestimateOptions,
): Promise<Reestimated> {
  const write = (id: string, values: Float32Array) => writeVariable(id, variables.get(id)!, values);
  return reestimate<Norm>(
    {
      levels: levelsOf(graph, normsOf({ graph, readers, variables })),
      nameOf: ({ nodes }) => nodes[0].name,
      listen: (norms, x) => listen(model, norms, x),
      write(norm, mean, variance) {
        write(norm.mean, mean);
        write(norm.variance, variance);
      },
    },
    options,
  );
}

function normsOf({ graph, readers, variables }: Omit<Adapted, 'model'>): Norm[] {
  const found = new Map<string, { nodes: OpNode[]; mean: string; variance: string }>();
  for (const node of graph.order) {
    if (!BATCH_NORMS.includes(node.op) || node.inputs.length <= VARIANCE) continue;
    const [mean, variance] = [MEAN, VARIANCE].map((at) => sourceOf(graph, node.inputs[at]));
    const key = JSON.stringify([mean, variance]);
    const norm = found.get(key) ?? { nodes: [], mean, variance };
    norm.nodes.push(node);
    found.set(key, norm);
  }
  return [...found.values()].filter(({ nodes: own, mean, variance }) =>
    [mean, variance].every((id) => variables.has(id) && readers.get(id)?.length === own.length),
  );
}

/** By how many other norms lie in front at most. */
function levelsOf({ order }: Graph, norms: readonly Norm[]): Norm[][] {
  const normOf = new Map(norms.flatMap((norm) => norm.nodes.map(({ name }) => [name, norm])));
  const [behind, levelOf] = [new Map<string, number>(), new Map<Norm, number>()];
  for (const { name, inputs } of order) {
    const depth = Math.max(0, ...inputs.map(({ node }) => behind.get(node) ?? 0));
    const norm = normOf.get(name);
    if (norm) levelOf.set(norm, Math.max(depth, levelOf.get(norm) ?? 0));
    behind.set(name, depth + Number(norm !== undefined));
  }
  const levels: Norm[][] = [];
  for (const [norm, level] of levelOf) (levels[level] ??= []).push(norm);
  // A norm that lies behind itself leaves a level without any.
  return levels.filter((level) => (level as Norm[] | undefined) !== undefined);
}

function listen(model: GraphModel, norms: readonly Norm[], x: tf.Tensor): [Norm, Piece][] {
  const pieces: [Norm, Piece][] = [];
  try {
    for (const norm of norms) {
      for (const { inputs } of norm.nodes) {
        const input = predict(model, `${inputs[0].node}:${inputs[0].index}`, x);
        pieces.push([norm, momentsOf(input)]);
        input.dispose();
      }
    }
    return pieces;
  } catch (error) {
    for (const [, { mean, squares }] of pieces) tf.dispose([mean, squares]);
    throw error;
  }
}
