import { type Note } from '@espalier/core';
import { say } from '../notes.js';
import { type Flow, labelOf, type Rule, type LayerCall } from '../flow.js';
import type { Shape } from '../tfjs.js';

interface Operand {
  readonly size: Shape[number];
  readonly units: Int32Array | undefined;
  readonly from: Note;
}

/**
 * Entry by entry: what meets goes together, whatever the function. An operand of size 1 is spread over the others', so
 * it stays, and they are free of it.
 */
export const elementwise: Rule = (step) => {
  const rank = Math.max(...step.inputs.map(({ length }) => length));
  // TensorFlow.js puts axes that are missing behind the batch.
  const lift = <T>(list: readonly T[], missing: T) => [
    list[0],
    ...Array<T>(rank - list.length).fill(missing),
    ...list.slice(1),
  ];
  const operands = step.flows.map(({ axes, from }, i) => ({
    from,
    axes: lift<Int32Array | undefined>(axes, undefined),
    shape: lift<Shape[number]>(step.inputs[i], 1),
  }));
  return merged(step, (axis) => {
    const all = operands.map(({ axes, shape, from }) => ({ units: axes[axis], size: shape[axis], from }));
    const full = all.filter(({ size }) => size !== 1);
    for (const { units, size } of full.length > 0 ? all : []) {
      if (units && size === 1) step.units.fix(units, say('spread', { what: labelOf(step) }));
    }
    return couple(step, full.length > 0 ? full : all);
  });
};

/** Side by side along one axis; along the others, what meets goes together. */
export const concatenate: Rule = (step) => {
  const rank = step.outputs[0].length;
  const config = Number(step.config.axis ?? -1);
  const along = config < 0 ? config + rank : config;
  return merged(step, (axis) => {
    const all = step.flows.map(({ axes, from }, i) => ({ units: axes[axis], size: step.inputs[i][axis], from }));
    return axis === along ? join(step, all) : couple(step, all);
  });
};

function merged({ outputs, flows }: LayerCall, unitsAlong: (axis: number) => Int32Array | undefined): Flow[] {
  const axes = outputs[0].map((_, axis) => (axis === 0 ? undefined : unitsAlong(axis)));
  return [{ axes, from: flows[0].from }];
}

/** The units of all operands, made one; where an operand has none to give, the others' stay. */
function couple(step: LayerCall, operands: readonly Operand[]): Int32Array | undefined {
  const units = operands.flatMap((operand) => operand.units ?? []);
  if (units.length === 0) return undefined;
  const rigid = operands.find((operand) => operand.units === undefined);
  for (const other of units.slice(1)) step.units.unite(units[0], other);
  if (rigid) step.units.fix(units[0], meets(step, rigid));
  return units[0];
}

function join(step: LayerCall, operands: readonly Operand[]): Int32Array | undefined {
  if (operands.every(({ units }) => units === undefined)) return undefined;
  const open = operands.find(({ size }) => size === null);
  if (open) {
    for (const { units } of operands) if (units) step.units.fix(units, meets(step, open));
    return undefined;
  }
  const parts = operands.map((operand) => {
    if (operand.units) return operand.units;
    const rigid = step.units.fresh(operand.size!);
    step.units.fix(rigid, meets(step, operand));
    return rigid;
  });
  return Int32Array.from(parts.flatMap((part) => [...part]));
}

const meets = (step: LayerCall, { from }: Operand) => say('meets', { from, what: labelOf(step) });
