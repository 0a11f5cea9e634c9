import { say } from './notes.js';
import { InputError, isEspalierError, show, type Note } from '@espalier/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { byName, fixedFlow, type Flow, type Path, type LayerCall, stop } from './flow.js';
import type { Weight } from './params.js';
import { RULES } from './rules/index.js';
import { classOf, configOf, graphOf, isModel, type Layer, type Node, nodesOf } from './tfjs.js';
import { makeUnits, type Units } from './units.js';

/** Units along one axis of a weight. */
export interface TracedSite {
  readonly weight: Weight;
  readonly axis: number;
  readonly units: Int32Array;
}

/** A number in a layer's configuration that counts units. */
export interface TracedSize {
  readonly layer: Layer;
  readonly path: Path;
  readonly units: Int32Array;
}

/** A flow, and the longest way to it from the inputs, in calls. */
interface Tracked {
  readonly flow: Flow;
  readonly depth: number;
}

export interface FollowedChannels {
  readonly units: Units;
  /** The layers that make channels, by their distance from the inputs and then their name, and the units of these. */
  readonly producers: ReadonlyMap<Layer, Int32Array>;
  readonly sites: readonly TracedSite[];
  readonly sizes: readonly TracedSize[];
}

/**
 * Follows channels through the network, inputs first, into nested models and through every call of shared layers. An axis
 * of a weight that is met again, because its layer is called again, has its units united with those of the first time.
 */
export function traceModel(model: LayersModel, weights: readonly Weight[]): FollowedChannels {
  const tracer = new Tracer(weights);
  const { inputs, inputNames } = graphOf(model);
  const outputs = tracer.run(
    model,
    inputs.map(({ shape }, i) => ({
      flow: fixedFlow(shape, say('model-input', { what: `'${inputNames[i]}'` })),
      depth: 0,
    })),
    true,
  );
  for (const axis of outputs.flatMap(({ flow }) => flow.axes))
    if (axis) tracer.units.fix(axis, say('model-output'), true);
  return tracer.found();
}

class Tracer {
  readonly units = makeUnits();
  private readonly producers = new Map<Layer, Int32Array>();
  private readonly depths = new Map<Layer, number>();
  private readonly sites = new Map<string, TracedSite>();
  private readonly sizes = new Map<Layer, Map<string, TracedSize>>();
  private readonly weightsOfLayer = new Map<Layer, Weight[]>();

  constructor(weights: readonly Weight[]) {
    for (const weight of weights) {
      const own = this.weightsOfLayer.get(weight.layer);
      if (own) own.push(weight);
      else this.weightsOfLayer.set(weight.layer, [weight]);
    }
  }

  found(): FollowedChannels {
    const { depths } = this;
    return {
      units: this.units,
      // What TensorFlow.js itself puts first changes when a model is loaded again.
      producers: new Map(
        [...this.producers].sort(([a], [b]) => depths.get(a)! - depths.get(b)! || (a.name < b.name ? -1 : 1)),
      ),
      sites: [...this.sites.values()],
      sizes: [...this.sizes.values()].flatMap((of) => [...of.values()]),
    };
  }

  run(model: LayersModel, incoming: readonly Tracked[], isOutermost = false): Tracked[] {
    const graph = graphOf(model);
    const tracked = new Map(graph.inputs.map(({ id }, i) => [id, incoming[i]]));
    // What is called with fewer channels must expect fewer.
    for (const [i, { flow }] of (isOutermost ? [] : incoming).entries()) {
      for (const [axis, open] of graph.inputs[i].shape.entries()) {
        const of = flow.axes[axis] ?? open;
        if (of !== null && axis > 0) this.size(graph.inputLayers[i], ['batchInputShape', axis], of);
      }
    }
    for (const node of nodesOf(model)) {
      const { outboundLayer: layer, inputTensors, outputTensors } = node;
      if (classOf(layer) === 'InputLayer') continue;
      const into = inputTensors.map(({ id }) => tracked.get(id)!);
      const depth = 1 + Math.max(...into.map((of) => of.depth));
      if (!isModel(layer)) this.depths.set(layer, Math.min(depth, this.depths.get(layer) ?? Infinity));
      const flows = into.map(({ flow }) => flow);
      const out = isModel(layer)
        ? this.run(layer, into)
        : this.call(node, flows).map((flow): Tracked => ({ flow, depth }));
      for (const [i, { id }] of outputTensors.entries()) tracked.set(id, out[i]);
    }
    return graph.outputs.map(({ id }) => tracked.get(id)!);
  }

  private call({ outboundLayer: layer, inputTensors, outputTensors }: Node, flows: readonly Flow[]): readonly Flow[] {
    const { units, producers } = this;
    const own = this.weightsOfLayer.get(layer) ?? [];
    const step: LayerCall = {
      layer,
      className: classOf(layer),
      config: configOf(layer),
      inputs: inputTensors.map(({ shape }) => shape),
      outputs: outputTensors.map(({ shape }) => shape),
      flows,
      own,
      weights: byName(own),
      units,
      produce(count) {
        const made = producers.get(layer) ?? units.fresh(count);
        producers.set(layer, made);
        return made;
      },
      tie: (weight, axis, of) => this.tie(weight, axis, of),
      size: (path, of) => this.size(layer, path, of),
    };
    try {
      const out = RULES.get(step.className)?.(step) ?? say('not-followed-through');
      return 'text' in out ? stop(step, out) : out;
    } catch (error) {
      throw isEspalierError(error) ? error : unfitting(step, error);
    }
  }

  private tie(weight: Weight | undefined, axis: number, of: Int32Array | undefined): void {
    if (!weight) return;
    const { id, shape } = weight.param;
    if (of && shape[axis] !== of.length) {
      this.units.fix(of, say('other-count', { number: axis, id, size: shape[axis], count: of.length }));
      return;
    }
    const here = of ?? this.rigid(shape[axis], say('meets-call', { id }));
    const before = this.sites.get(`${axis} ${id}`);
    if (before) this.units.unite(before.units, here);
    else this.sites.set(`${axis} ${id}`, { weight, axis, units: here });
  }

  private size(layer: Layer, path: Path, of: Int32Array | number): void {
    const here = typeof of === 'number' ? this.rigid(of, say('meets-call', { id: layer.name })) : of;
    const own = this.sizes.get(layer) ?? new Map<string, TracedSize>();
    this.sizes.set(layer, own);
    const before = own.get(path.join());
    if (before) this.units.unite(before.units, here);
    else own.set(path.join(), { layer, path, units: here });
  }

  /** Entries that stay, where another call might let them go. */
  private rigid(count: number, why: Note): Int32Array {
    const fixed = this.units.fresh(count);
    this.units.fix(fixed, why);
    return fixed;
  }
}

/** Rules take for granted that a configuration has fields of the right kind, which TensorFlow.js does not check all of. */
function unfitting({ layer, className }: LayerCall, cause: unknown): InputError {
  const [wanted, fix] = ['a configuration of its class', 'export the model again'];
  const found = show(cause instanceof Error ? cause.message : String(cause));
  return new InputError(
    'topology-invalid',
    `layer ${show(layer.name)} (${className}): wanted ${wanted}, found one that says ${found}; ${fix}`,
    { where: layer.name, wanted, found, fix, cause },
  );
}
