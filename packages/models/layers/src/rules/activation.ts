import { say } from '../notes.js';
import { type Flow, labelOf, type Rule, type LayerCall } from '../flow.js';

/** Each value by itself. A removed channel may leave any constant behind: whoever reads it is cut too. */
const ELEMENTWISE = [
  ...['elu', 'gelu', 'gelu_new', 'hardSigmoid', 'linear', 'mish', 'relu', 'relu6', 'selu', 'sigmoid', 'softplus'],
  ...['softsign', 'swish', 'tanh'],
];
/** Over the last axis. */
const OVER_LAST = ['softmax', 'logSoftmax'];

/** What an activation function, by its name, makes of a flow. */
export function activate(step: LayerCall, flow: Flow, activation: unknown = step.config.activation): Flow {
  const name = String(activation ?? 'linear');
  if (ELEMENTWISE.includes(name)) return flow;
  const last = flow.axes.length - 1;
  for (const [axis, units] of flow.axes.entries()) {
    if (!units || (OVER_LAST.includes(name) && axis !== last)) continue;
    step.units.fix(units, say('unknown-activation', { what: labelOf(step), name }));
  }
  return flow;
}

export const activation: Rule = (step) => [activate(step, step.flows[0])];

/** A Softmax layer mixes what lies along its axis. */
export const softmax: Rule = (step) => {
  const [{ axes }] = step.flows;
  const axis = Number(step.config.axis ?? -1);
  const units = axes[axis < 0 ? axis + axes.length : axis];
  if (units) step.units.fix(units, say('feeds', { what: labelOf(step), why: say('mixes-channels') }));
  return step.flows;
};
