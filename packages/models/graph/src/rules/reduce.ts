import { say } from '../notes.js';
import { axisOf, product } from '../shape.js';
import { refuse, type Rule, type NodeVisit } from '../trace.js';
import { fixedInts } from '../values.js';

/** The axes of an input that holds them, from the front; undefined where they are not known. */
function axesOf(step: NodeVisit, input: number): number[] | undefined {
  const { shape } = step.inputs[0];
  const axes = fixedInts(step.inputs[input]);
  if (!shape || !axes) return undefined;
  const found = axes.map((axis) => axisOf(axis, shape.length));
  return found.every((axis) => axis !== undefined) ? found : undefined;
}

/** Mean, Sum, Max, …: over other axes than the channels'. */
export function reduce(keep: 'keep_dims' | 'never' = 'keep_dims'): Rule {
  return (step, trace) => {
    const [{ shape, flow, ints }] = step.inputs;
    const axes = axesOf(step, 1);
    if (!axes || !shape) return refuse(step, trace, say('axes-unknown'));
    for (const { counts } of ints ?? []) if (counts) trace.channels.pin(counts, say('counted', { what: step.label }));
    const stays = keep === 'keep_dims' && step.node.attributes.boolean('keep_dims');
    const out = stays
      ? shape.map((size, i) => (axes.includes(i) ? 1 : size))
      : shape.filter((_, i) => !axes.includes(i));
    if (!flow) return [{ shape: out, ints: productOf(step) }];
    if (axes.includes(flow.axis)) {
      trace.pin(step.inputs[0], say('feeds', { what: step.label, why: say('mixes-channels') }));
      return [{ shape: out }];
    }
    const axis = stays ? flow.axis : flow.axis - axes.filter((a) => a < flow.axis).length;
    return [{ shape: out, flow: { axis, labels: flow.labels } }];
  };
}

/** Sizes multiplied together, as a flattening does it. */
function productOf({ node, inputs }: NodeVisit) {
  const ints = inputs[0].ints;
  if (node.op !== 'Prod' || !ints || ints.some(({ counts }) => counts)) return undefined;
  return [{ value: product(ints.map(({ value }) => value)) }];
}

/** Softmax and its like, over the last axis. */
export const overLast: Rule = (step, trace) => {
  const [x] = step.inputs;
  if (x.flow && x.shape && x.flow.axis !== x.shape.length - 1) return [{ shape: x.shape, flow: x.flow }];
  trace.pin(x, say('feeds', { what: step.label, why: say('mixes-channels') }));
  return [{ shape: x.shape }];
};
