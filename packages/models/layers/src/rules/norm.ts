import { say } from '../notes.js';
import { labelOf, type Rule, type LayerCall } from '../flow.js';

const axesOf = ({ config, inputs: [shape] }: LayerCall) =>
  [config.axis ?? -1].flat().map((axis) => (Number(axis) < 0 ? Number(axis) + shape.length : Number(axis)));

/** Where ε is 0, a masked channel, of variance 0, gives 0 / √0, which is no number. */
function checkEpsilon(step: LayerCall): void {
  if (step.config.epsilon !== 0) return;
  for (const units of step.flows[0].axes) {
    if (units) step.units.fix(units, say('feeds', { what: labelOf(step), why: say('zero-epsilon') }));
  }
}

/**
 * Scale, shift and statistics of a channel go with it. Only along the last axis: TensorFlow.js 4.22 takes the others' for
 * it on some backends (cpu, wasm), so what a channel there meets changes with the number of channels.
 */
export const batchNormalization: Rule = (step) => {
  const [axis] = axesOf(step);
  checkEpsilon(step);
  const { axes } = step.flows[0];
  for (const [a, units] of axes.entries()) {
    if (a === axis && axis === axes.length - 1) for (const weight of step.own) step.tie(weight, 0, units);
    else if (units)
      step.units.fix(
        units,
        say('feeds', { what: labelOf(step), why: say('normalises', { number: axis, axes: axes.length }) }),
      );
  }
  return step.flows;
};

/** The mean of a layer norm is one of all that lies along its axes, so none of it may go. What lies along others passes. */
export const layerNormalization: Rule = (step) => {
  checkEpsilon(step);
  for (const axis of axesOf(step)) {
    const units = step.flows[0].axes[axis];
    if (units) step.units.fix(units, say('feeds', { what: labelOf(step), why: say('mean-mixes') }));
  }
  return step.flows;
};

/** Slopes are per entry, or shared along axes; shared along the channels, none belongs to a unit. */
export const prelu: Rule = (step) => {
  const alpha = step.weights.get('alpha')!;
  for (const [axis, units] of step.flows[0].axes.entries()) {
    const slopes = alpha.param.shape[axis - 1];
    if (axis > 0 && (slopes > 1 || units?.length === 1)) step.tie(alpha, axis - 1, units);
  }
  return step.flows;
};
