import { describeLayer } from '@espalier/adapter-kit';
import type { LayerDescription } from '@espalier/core';
import type { Analysis } from './analyse.js';
import type { Graph } from './graph.js';
import { shown } from './shape.js';

/** A row for each node that reads weights or makes channels. Each weight is told of once. */
export function describeNodes(graph: Graph, analysis: Analysis): LayerDescription[] {
  const params = new Map(analysis.params.map((param) => [param.id, param]));
  const groups = new Map(analysis.groups.map((group) => [group.id, group]));
  const told = new Set<string>();
  return graph.order.flatMap((node): LayerDescription[] => {
    const own = [...analysis.readers].filter(([id, names]) => names.includes(node.name) && !told.has(id));
    const read = own.map(([id]) => params.get(id)!);
    const made = (analysis.made.get(node.name) ?? []).map((id) => groups.get(id)!);
    if (read.length === 0 && made.length === 0) return [];
    for (const { id } of read) told.add(id);
    const outputShape = shown(analysis.shapes.get(node.name) ?? null);
    return [describeLayer({ name: node.name, className: node.op, outputShape, params: read, groups: made })];
  });
}
