import type { Group, Param } from '@espalier/core';
import { analysisOf, type GraphPrunable } from './adapt.js';
import { product, shown } from './shape.js';

export interface NodeDescription {
  readonly name: string;
  /** The operation. */
  readonly className: string;
  /** With the batch in front; null = open or unknown. */
  readonly outputShape: readonly (number | null)[];
  readonly params: number;
  /** Multiply-accumulates a sample; null where sizes are open or the operation is not known. */
  readonly macs: number | null;
  /** Ids of the parameters that element strategies may prune. */
  readonly prunable: readonly string[];
  /** Why `prunable` is empty. */
  readonly reason?: string;
  /** The channels that it makes, alone or together with other nodes, and why none of them may be removed. */
  readonly channels?: { readonly size: number; readonly prunable: boolean; readonly reason?: string };
}

/** What a person wants to know of each node that reads weights, before pruning. Each weight is told of once. */
export function describeGraph(model: GraphPrunable): NodeDescription[] {
  const { graph, analysis } = analysisOf(model);
  const params = new Map(model.params.map((param) => [param.id, param]));
  const groups = new Map(model.groups.map((group) => [group.id, group]));
  const told = new Set<string>();
  return graph.order.flatMap((node): NodeDescription[] => {
    const own = [...analysis.readers].filter(([id, names]) => names.includes(node.name) && !told.has(id));
    const read = own.map(([id]) => params.get(id)!);
    const made = (analysis.made.get(node.name) ?? []).map((id) => groups.get(id)!);
    if (read.length === 0 && made.length === 0) return [];
    for (const { id } of read) told.add(id);
    const prunable = read.filter(({ role, skip }) => role === 'kernel' && skip === undefined).map(({ id }) => id);
    return [
      {
        name: node.name,
        className: node.op,
        outputShape: shown(analysis.shapes.get(node.name) ?? null),
        params: read.reduce((sum, { shape }) => sum + product(shape)!, 0),
        macs: macsOf(read),
        prunable,
        ...(prunable.length === 0 && { reason: reasonOf(read) }),
        ...(made.length > 0 && { channels: channelsOf(made) }),
      },
    ];
  });
}

function channelsOf(groups: readonly Group[]): NonNullable<NodeDescription['channels']> {
  const open = groups.filter(({ skip }) => skip === undefined);
  const size = (list: readonly Group[]) => list.reduce((sum, group) => sum + group.size, 0);
  if (open.length > 0) return { size: size(open), prunable: true };
  return { size: size(groups), prunable: false, reason: groups[0].skip! };
}

function macsOf(params: readonly Param[]): number | null {
  return params
    .filter(({ role }) => role === 'kernel')
    .reduce<number | null>(
      (sum, { shape, uses }) => (sum === null || uses === null ? null : sum + product(shape)! * uses),
      0,
    );
}

function reasonOf(params: readonly Param[]): string {
  if (params.length === 0) return 'no weights';
  return params.find(({ role }) => role === 'kernel')?.skip ?? params[0].skip ?? 'no kernel';
}
