import type { Note } from '@espalier/core';
import { say } from './notes.js';
import { classOf, type Config, type Layer, type Shape } from './tfjs.js';
import { type Weight, weightName } from './params.js';
import type { Units } from './units.js';

/** The channels of a tensor on their way through the network. */
export interface Flow {
  /** Entry i of axis a, the batch being axis 0, belongs to unit axes[a][i]; undefined = nothing of the axis can go. */
  readonly axes: readonly (Int32Array | undefined)[];
  /** Where axes that stay come from, for people. */
  readonly from: Note;
}

/** Where a layer's configuration says a size: ['filters'], ['targetShape', 2]. */
export type Path = readonly (string | number)[];

/** One layer, called once, as its rule sees it. */
export interface LayerCall {
  readonly layer: Layer;
  /** The layer's class; inside a wrapper, that of the wrapped layer, like the rest. */
  readonly className: string;
  readonly config: Config;
  readonly inputs: readonly Shape[];
  readonly outputs: readonly Shape[];
  readonly flows: readonly Flow[];
  /** All weights of the layer, in its order. */
  readonly own: readonly Weight[];
  /** The same by the last part of their name; of two of a name the last. */
  readonly weights: ReadonlyMap<string, Weight>;
  readonly units: Units;
  /** The channels that the layer makes: the same ones every time it is called. */
  produce(count: number): Int32Array;
  /** Ties an axis of a weight to units; none = its entries stay. A layer without that weight has nothing to tie. */
  tie(weight: Weight | undefined, axis: number, units: Int32Array | undefined): void;
  /** Says where the configuration holds the number of these units, or a number that stays. */
  size(path: Path, units: Int32Array | number): void;
}

/** How channels pass one class of layers: what goes out, for each output, or why channels cannot be followed. */
export type Rule = (step: LayerCall) => readonly Flow[] | Note;

export const byName = (weights: readonly Weight[]) => new Map(weights.map((w) => [weightName(w.param.id), w]));
export const labelOf = ({ layer }: LayerCall) => `'${layer.name}' (${classOf(layer)})`;

/** A tensor of which nothing can go. */
export const fixedFlow = (shape: Shape, from: Note): Flow => ({ axes: shape.map(() => undefined), from });

/** The same tensor with other units along one axis. */
export function withAxis({ axes, from }: Flow, axis: number, units: Int32Array | undefined): Flow {
  return { axes: axes.map((of, a) => (a === axis ? units : of)), from };
}

/** The axis of the channels, by the layout that the layer is set to. */
export function channelAxis({ config }: LayerCall, shape: Shape): number {
  return config.dataFormat === 'channelsFirst' ? 1 : shape.length - 1;
}

/** What comes in keeps all units of all axes but one. */
export function fixOthers(step: LayerCall, axis: number): void {
  for (const [a, units] of step.flows[0].axes.entries()) {
    if (units && a !== axis) step.units.fix(units, say('mixed-axis', { what: labelOf(step) }));
  }
}

/** No rule knows what becomes of what comes in. */
export function stop(step: LayerCall, why: Note): Flow[] {
  for (const units of step.flows.flatMap(({ axes }) => axes)) {
    if (units) step.units.fix(units, say('feeds', { what: labelOf(step), why }));
  }
  return step.outputs.map((shape) => fixedFlow(shape, say('made-by', { what: labelOf(step) })));
}

/** Channels that fan out: entry c · times + m behind belongs to entry c in front. */
export function fanOut(units: Int32Array, times: number): Int32Array {
  return Int32Array.from({ length: units.length * times }, (_, i) => units[Math.floor(i / times)]);
}

/** The units again and again: entry k · length + c belongs to entry c. */
export function tile(units: Int32Array, times: number): Int32Array {
  return Int32Array.from({ length: units.length * times }, (_, i) => units[i % units.length]);
}
