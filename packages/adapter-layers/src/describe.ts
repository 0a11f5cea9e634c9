import type { Param } from '@espalier/core';
import type { LayersPrunable } from './adapt.js';

export interface LayerRow {
  readonly name: string;
  readonly className: string;
  /** Batch first; null = open. */
  readonly outputShape: readonly (number | null)[];
  readonly params: number;
  /** Multiply-accumulates of a sample; null = the layer's sizes are open or its arithmetic is not known. */
  readonly macs: number | null;
  /** The kernels that element strategies may prune. */
  readonly prunable: readonly string[];
  /** Why there is none. */
  readonly reason?: string;
  /** The layer's own output channels, where it has some. */
  readonly channels?: { readonly size: number; readonly prunable: boolean; readonly reason?: string };
}

const sizeOf = ({ shape }: Param) => shape.reduce((a, b) => a * b, 1);

/** One row for each layer of the model, in its order. */
export function describeLayers({ model, params, groups }: LayersPrunable): LayerRow[] {
  const byId = new Map(params.map((param) => [param.id, param]));
  const groupOf = new Map(groups.map((group) => [group.id, group]));
  return model.layers.map((layer) => {
    const own = layer.weights.map((weight) => byId.get(weight.originalName)!);
    const kernels = own.filter(({ role }) => role === 'kernel');
    const prunable = kernels.filter(({ skip }) => skip === undefined).map(({ id }) => id);
    const macs = kernels.reduce<number | null>(
      (sum, param) => (sum === null || param.uses === null ? null : sum + sizeOf(param) * param.uses),
      0,
    );
    const group = groupOf.get(layer.name);
    const reason =
      own.length === 0
        ? 'has no weights'
        : kernels.length === 0
          ? 'has no kernel'
          : kernels.map(({ skip }) => skip).join(', ');
    return {
      name: layer.name,
      className: layer.getClassName(),
      outputShape: [layer.outputShape]
        .flat(1)
        .map((n) => (Array.isArray(n) ? n : [n]))
        .flat() as (number | null)[],
      params: own.reduce((sum, param) => sum + sizeOf(param), 0),
      macs,
      prunable,
      ...(prunable.length === 0 && { reason }),
      ...(group && {
        channels: {
          size: group.size,
          prunable: group.skip === undefined,
          ...(group.skip !== undefined && { reason: group.skip }),
        },
      }),
    };
  });
}
