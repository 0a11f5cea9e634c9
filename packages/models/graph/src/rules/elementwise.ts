import { say } from '../notes.js';
import { broadcast } from '../shape.js';
import { flowOf, refuse, type Rule, sourcesTogether, type NodeVisit, type ChannelRecorder } from '../trace.js';
import type { Int } from '../values.js';

/** What an operation does to the integers that the graph computes with; undefined = they are lost. */
export type Arithmetic = (a: number, b: number) => number;

interface Options {
  /** Which inputs must not become 0: they are cut, never zeroed, and channels of their own may not enter there. */
  readonly divisor?: number;
  readonly arithmetic?: Arithmetic;
  /** Its weights are learnt: 'bias' where they are added, 'norm' where they scale. */
  readonly learns?: 'bias' | 'norm';
}

/** Every value by itself, with broadcasting: channels that meet go together, constants along channels go with them. */
export function elementwise(options: Options = {}): Rule {
  return (step, trace) => {
    const { inputs } = step;
    const shape = broadcast(inputs.map((input) => input.shape));
    const lead = leadOf(step);
    const sources = sourcesTogether(step, trace);
    if (lead === undefined) return [{ shape, ints: calculate(step, trace, options), ...(sources && { sources }) }];
    for (const input of inputs) for (const { counts } of input.ints ?? []) if (counts) trace.pin(input, counting(step));
    const { flow, shape: own } = inputs[lead];
    const fromRight = own!.length - flow!.axis;
    for (const [i, input] of inputs.entries()) {
      if (i === lead) continue;
      if (input.flow && input.flow.labels.length === 1 && flow!.labels.length > 1) {
        trace.pin(input, say('repeated', { what: step.label }));
      }
      trace.meet(step, i, fromRight, flow!.labels, i !== options.divisor);
      if (options.learns) trace.learn(step, i, options.learns);
    }
    if (options.divisor !== undefined && inputs[options.divisor]?.flow) {
      const why = say('divides', { what: step.label });
      trace.pin(inputs[lead], why);
      trace.pin(inputs[options.divisor], why);
    }
    return [{ shape, flow: shape ? flowOf(shape.length - fromRight, flow!.labels) : undefined }];
  };
}

/** The input whose channels lead: one that is not repeated along them. */
function leadOf({ inputs }: NodeVisit): number | undefined {
  const found = inputs.flatMap(({ flow, shape }, i) => (flow && shape ? [{ i, size: flow.labels.length }] : []));
  return found.sort((a, b) => b.size - a.size)[0]?.i;
}

const counting = ({ label }: NodeVisit) => say('counted', { what: label });

function calculate(step: NodeVisit, trace: ChannelRecorder, { arithmetic }: Options): Int[] | undefined {
  const [a, b] = step.inputs;
  const [left, right] = [a?.ints, b?.ints];
  const plain = arithmetic && step.inputs.length === 2 && left && right;
  const fits = plain && (left.length === right.length || left.length === 1 || right.length === 1);
  for (const input of step.inputs)
    for (const { counts } of input.ints ?? []) if (counts) trace.pin(input, counting(step));
  if (!fits) return undefined;
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
    const [x, y] = [left[left.length === 1 ? 0 : i].value, right[right.length === 1 ? 0 : i].value];
    const value = x === null || y === null ? null : arithmetic(x, y);
    return { value: value !== null && Number.isFinite(value) ? value : null };
  });
}

/** The exponent decides: below 0, the 0 that a mask leaves has no finite power. */
export const power: Rule = (step, trace) => {
  const exponent = step.inputs[1];
  if (exponent?.scalar !== undefined && exponent.scalar >= 1) return elementwise()(step, trace);
  return notAtZero(step, trace);
};

/** Where a masked channel's 0 has no finite value or slope, channels stay. */
export const notAtZero: Rule = (step, trace) =>
  step.inputs.some(({ flow }) => flow) ? refuse(step, trace, NOT_AT_ZERO, shapeOf(step)) : elementwise()(step, trace);

const NOT_AT_ZERO = say('not-at-zero');
const shapeOf = ({ inputs }: NodeVisit) => broadcast(inputs.map(({ shape }) => shape));

/** Prelu: slopes per channel, per entry, or shared. */
export const prelu: Rule = (step, trace) => {
  trace.learn(step, 1, 'norm');
  return elementwise()(step, trace);
};

/** A conversion keeps everything that is known, but what comes out is not the weight itself. */
export const cast: Rule = ({ inputs: [x] }) => [{ shape: x.shape, flow: x.flow, ints: x.ints }];

export const forward: Rule = (step) => step.inputs;
