import type { Site } from '@espalier/core';
import type { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';

export interface Draft {
  readonly id: string;
  readonly size: number;
  readonly sites: Site[];
  skip?: string;
}

/** The channels (last axis) of a tensor: channel c is unit unitOf[c] of the group. undefined = fixed, such as inputs. */
export interface Flow {
  readonly group: Draft;
  readonly unitOf: Int32Array;
}

/** What a handler may do at one application of one layer. */
export interface Visit {
  readonly layer: layers.Layer;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly input: SymbolicTensor;
  readonly flow: Flow | undefined;
  /** The shape of the layer's weight that is called this, or undefined. */
  shapeOf(weight: string): readonly number[] | undefined;
  /** Ties slices of a weight to the flow's units; does nothing where there is no such weight or no flow. */
  site(flow: Flow | undefined, weight: string, axis: number): void;
  /** A new group of this layer's own output channels. */
  open(size: number): Flow;
}

/** Takes a group out of pruning; the first reason stands. */
export const refuse = (flow: Flow | undefined, reason: string): undefined => {
  if (flow) flow.group.skip ??= reason;
};
