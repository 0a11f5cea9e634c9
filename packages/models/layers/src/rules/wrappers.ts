import { say } from '../notes.js';
import { byName, fixedFlow, type Flow, type Path, type Rule, type LayerCall, tile } from '../flow.js';
import { classOf, type Config, configOf, innerLayer, isModel, type Shape } from '../tfjs.js';

type Rules = (className: string) => Rule | undefined;
const UNKNOWN = say('not-followed-inside');

/** The same step one wrapper further inside. */
function inside(step: LayerCall, change: Partial<LayerCall>): LayerCall {
  const inner = innerLayer(step.layer)!;
  const config: Config = configOf(inner);
  const size = (path: Path, units: Int32Array | number) => step.size(['layer', 'config', ...path], units);
  return { ...step, className: classOf(inner), config, size, ...change };
}

/** Every step of time by itself: what lies along the axis of time passes, the rest is up to the wrapped layer. */
export function timeDistributed(rules: Rules): Rule {
  return (step) => {
    const inner = innerLayer(step.layer)!;
    const rule = isModel(inner) || innerLayer(inner) ? undefined : rules(classOf(inner));
    if (!rule || step.flows.length > 1) return UNKNOWN;
    const shorten = <T>(list: readonly T[]) => list.filter((_, axis) => axis !== 1);
    const [flow] = step.flows;
    const out = rule(
      inside(step, {
        inputs: step.inputs.map((shape) => shorten<Shape[number]>(shape)),
        outputs: step.outputs.map((shape) => shorten<Shape[number]>(shape)),
        flows: [{ ...flow, axes: shorten(flow.axes) }],
      }),
    );
    if ('text' in out) return out;
    return out.map(({ axes, from }) => ({ axes: [axes[0], flow.axes[1], ...axes.slice(1)], from }));
  };
}

/** One layer forwards and a twin of the same size backwards: unit j of the one goes with unit j of the other. */
export function bidirectional(rules: Rules): Rule {
  return (step) => {
    const rule = rules(classOf(innerLayer(step.layer)!));
    if (!rule || step.flows.length > 1) return UNKNOWN;
    const half = step.own.length / 2;
    const { mergeMode = 'concat' } = step.config;
    let [forward]: (readonly Flow[])[] = [];
    for (const own of [step.own.slice(0, half), step.own.slice(half)]) {
      const out = rule(inside(step, { own, weights: byName(own) }));
      if ('text' in out) return out;
      forward = out;
    }
    const units = forward[0].axes[step.outputs[0].length - 1]!;
    return step.outputs.map((shape, i) => {
      const axes = [...fixedFlow(shape, forward[0].from).axes];
      axes[shape.length - 1] = mergeMode === 'concat' && i === 0 ? tile(units, 2) : units;
      return { axes, from: forward[0].from };
    });
  };
}
