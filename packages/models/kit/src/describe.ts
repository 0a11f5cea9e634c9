import type { Group, LayerDescription, Note, Param } from '@espalier/core';
import { sizeOf } from '@espalier/core';
import { say } from './notes.js';

export interface Described extends Pick<LayerDescription, 'name' | 'className' | 'outputShape'> {
  /** The parameters that it reads, told of nowhere else. */
  readonly params: readonly Param[];
  /** The channels that it makes; undefined = it makes none. */
  readonly groups?: readonly Group[] | undefined;
}

/** One row of `describe()`. */
export function describeLayer({ params, groups, ...what }: Described): LayerDescription {
  const kernels = params.filter(({ role }) => role === 'kernel');
  const prunable = kernels.filter(({ skip }) => skip === undefined).map(({ id }) => id);
  return {
    ...what,
    params: params.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    macs: macsOf(kernels),
    prunable,
    ...(prunable.length === 0 && { reason: reasonOf(params, kernels) }),
    ...(groups && groups.length > 0 && { channels: channelsOf(groups) }),
  };
}

const macsOf = (kernels: readonly Param[]) =>
  kernels.reduce<number | null>(
    (sum, { shape, uses }) => (sum === null || uses === null ? null : sum + sizeOf(shape) * uses),
    0,
  );

function reasonOf(params: readonly Param[], kernels: readonly Param[]): Note {
  if (params.length === 0) return say('no-weights');
  const [one, ...others] = params;
  return kernels[0]?.skip ?? (others.length === 0 ? one.skip : undefined) ?? say('no-kernel');
}

/** Some of a layer's channels may go where others have to stay. */
function channelsOf(groups: readonly Group[]): LayerDescription['channels'] {
  const open = groups.filter(({ skip }) => skip === undefined);
  const size = (list: readonly Group[]) => list.reduce((sum, group) => sum + group.size, 0);
  if (open.length > 0) return { size: size(open), prunable: true };
  return { size: size(groups), prunable: false, reason: groups[0].skip! };
}
