import { say } from '../notes.js';
import { fixedFlow, fixOthers, type Rule, tile, withAxis } from '../flow.js';
import { activate } from './activation.js';

/**
 * Unit j of a recurrent layer is one column of each gate, in the kernel [in, gates · units] as in the recurrent kernel
 * [units, gates · units] and in the bias, and one row of the recurrent kernel. Masked, its state is a constant that
 * nothing reads.
 */
export function recurrent(gates: number, size: 'units' | 'filters'): Rule {
  return (step) => {
    if (step.flows.length > 1) return say('first-state');
    const [flow] = step.flows;
    const [kernel, loop, bias] = ['kernel', 'recurrent_kernel', 'bias'].map((name) => step.weights.get(name));
    const inAxis = kernel!.param.shape.length - 2;
    // A convolution's channels are counted from the end, with or without the axis of time.
    const fromEnd = step.config.dataFormat === 'channelsFirst' ? 3 : 1;
    const axis = flow.axes.length - fromEnd;
    fixOthers(step, axis);
    step.tie(kernel, inAxis, flow.axes[axis]);
    const units = step.produce(loop!.param.shape[inAxis]);
    const columns = tile(units, gates);
    step.tie(kernel, inAxis + 1, columns);
    step.tie(loop, inAxis, units);
    step.tie(loop, inAxis + 1, columns);
    step.tie(bias, 0, columns);
    step.size([size], units);
    return step.outputs.map((shape) => {
      const out = withAxis(fixedFlow(shape, flow.from), shape.length - fromEnd, units);
      return activate(step, activate(step, out), step.config.recurrentActivation);
    });
  };
}
