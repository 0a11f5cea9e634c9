import type { Edge, Graph, OpNode } from './graph.js';
import { isForwarding } from './trace.js';

const ADDS = ['BiasAdd', 'Add', 'AddV2'];

/** The constant that an edge comes from, behind nodes that only hand on; another node's name where there is none. */
export function sourceOf(graph: Graph, { node }: Edge): string {
  const { name, op, inputs } = graph.nodes.get(node)!;
  return isForwarding(op) ? sourceOf(graph, inputs[0]) : name;
}

/**
 * The weight that is added to what the one node computes with its kernel, before anything else: fused into the node, or
 * by the one node that reads it. It has an entry for each of the kernel's outputs, and nothing else reads it.
 */
export function biasOf(
  graph: Graph,
  node: OpNode,
  outputs: number,
  shapeOf: (weight: string) => readonly number[] | undefined,
  readers: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  const edge = fusedBias(node) ?? addedBias(graph, node);
  if (!edge) return undefined;
  const id = sourceOf(graph, edge);
  const shape = shapeOf(id);
  const fits = shape?.[shape.length - 1] === outputs && shape.every((size, i) => i === shape.length - 1 || size === 1);
  return fits && readers.get(id)?.length === 1 ? id : undefined;
}

function fusedBias({ attributes, inputs }: OpNode): Edge | undefined {
  const [first] = attributes.strings('fused_ops');
  return first?.toLowerCase() === 'biasadd' ? inputs[2] : undefined;
}

function addedBias({ nodes, readers, outputs }: Graph, { name, attributes }: OpNode): Edge | undefined {
  const isRead = (readers.get(name) ?? 0) > 1 || outputs.some(({ node }) => node === name);
  if (isRead || attributes.strings('fused_ops').length > 0) return undefined;
  for (const { op, inputs } of nodes.values()) {
    const at = ADDS.includes(op) ? inputs.findIndex(({ node }) => node === name) : -1;
    if (at >= 0) return inputs[1 - at];
  }
  return undefined;
}
