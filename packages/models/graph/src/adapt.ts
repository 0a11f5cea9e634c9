import { InputError, type Plan, type PrunableModel, show, type View, type Note } from '@espalier/core';
import {
  alone,
  customLoss,
  disposal,
  type HeldWeight,
  leaveAlone,
  type Loss,
  maskWeights,
  outputOf,
  resolveLoss,
  type Shared,
  withView,
  writeVariable,
} from '@espalier/adapter-kit';
import type { io } from '@tensorflow/tfjs-core';
import { toGraphArtifacts } from './artifacts.js';
import { analyse } from './analyse.js';
import { type Constant, constantsOf } from './constants.js';
import { lossGradients, predict } from './forward.js';
import { type Edge, edgeOf, type Graph, type OpNode, parseGraph } from './graph.js';
import { describeNodes } from './describe.js';
import { kernelInputs } from './inputs.js';
import { say } from './notes.js';
import { reestimateNorms } from './reestimate.js';
import { shown } from './shape.js';
import { shrinkArtifacts } from './shrink.js';
import { artifactsOf, type GraphModel, holdWeights, isGraphModel, loadModel, unknownNodes } from './tfjs.js';
import { isForwarding } from './trace.js';

export interface AdaptGraphOptions extends View {
  /**
   * A name of `LOSSES` or a function (yTrue, yPred). Default: cross-entropy where the output is a softmax; else none, and
   * `gradients` asks for one.
   */
  readonly loss?: Loss;
}

/** A tf.GraphModel that can be pruned. */
export interface GraphPrunable extends PrunableModel {
  /** The model itself, masked in place by `mask`. */
  readonly model: GraphModel;
  /** The name of its loss; undefined = it has none yet. */
  readonly loss: string | undefined;
  reestimateNorms: NonNullable<PrunableModel['reestimateNorms']>;
  with(view: View): GraphPrunable;
  withLoss(loss: Loss): GraphPrunable;
  shrink(plan: Plan): Promise<GraphPrunable>;
}

/**
 * Adapts a tf.GraphModel, or the artifacts of one. Kernels of convolutions and matrix products may be pruned; everything else
 * is left alone and says why in `skip`. Channels may go where they can be followed from the node that makes them to every
 * node that reads them; those that reach an operation without a rule, control flow, or an output of the graph, stay.
 *
 * A model's weights become variables, so that masks and training change what it computes. The model is borrowed; `dispose()`
 * disposes it. Nothing is left behind if it throws.
 *
 * Throws an InputError with code 'topology-invalid', 'node-duplicate', 'node-connection', 'graph-cycle', 'graph-output',
 * 'weights-missing', 'weights-mismatch', 'weights-invalid', 'weight-duplicate', 'weight-shape', 'input-shape',
 * 'model-inputs', 'output-unknown' or 'param-unknown'; a UsageError with code 'loss-unknown' or 'loss-output'.
 */
export function adaptGraph(source: GraphModel | io.ModelArtifacts, options: AdaptGraphOptions = {}): GraphPrunable {
  return adapt(source, options);
}

function adapt(
  source: GraphModel | io.ModelArtifacts,
  options: AdaptGraphOptions,
  shared: Shared = alone(),
): GraphPrunable {
  const { history, handles } = shared;
  const { artifacts, graph, constants, analysis, ends, last, softmax, loss, model } = openGraph(source, options);
  const foreign = unknownNodes(model);
  const variables = holdWeights(
    model,
    analysis.params.map(({ id }) => id),
  );
  const weights = analysis.params.map((param): HeldWeight => ({ param, variable: variables.get(param.id)! }));
  const again: AdaptGraphOptions = { ...options, ...(loss && { loss: loss.of }) };
  const variable = (id: string) => {
    const found = variables.get(id);
    if (found) return found;
    throw new InputError('param-unknown', `the graph has no parameter ${show(id)}`, { where: id });
  };
  const prunable: GraphPrunable = {
    model,
    loss: loss?.name,
    notes: [...notesOf(constants), ...foreign.map(foreignNote)],
    foreign: [...new Set(foreign.map(({ op }) => op))],
    signature: signatureOf(model, ends, analysis.shapes),
    params: analysis.params,
    groups: analysis.groups,
    ...(history && { history }),
    output: outputOf(softmax, last !== undefined && isLinear(last), loss),
    describe: () => describeNodes(graph, analysis),
    with: (view) => adapt(model, withView(options, view), shared),
    withLoss: (other) => prunable.with({ loss: other }),
    toArtifacts: () => toGraphArtifacts(model),
    variable,
    read: async (id) => Float32Array.from(await variable(id).data()),
    predict: (x) => predict(model, options.output, x),
    gradients: (batch, { loss: own } = {}) =>
      lossGradients(model, options.output, weights, own ? customLoss(own) : loss, batch),
    inputs(batch, id) {
      variable(id);
      const param = analysis.params.find((own) => own.id === id)!;
      return kernelInputs(model, graph, analysis.readers.get(id) ?? [], param, batch);
    },
    write: (id, values) => writeVariable(id, variable(id), values),
    reestimateNorms: (given) => reestimateNorms({ model, graph, readers: analysis.readers, variables }, given),
    mask: (plan) => maskWeights(weights, analysis.groups, plan, handles),
    async shrink(plan) {
      const outputs = graph.outputs.map(({ node }) => node);
      const now = { artifacts, weights: model.weights, outputs };
      const { smaller, change } = await shrinkArtifacts(now, weights, analysis, plan);
      return adapt(smaller, again, alone([...(history ?? []), change]));
    },
    dispose: disposal(shared, () => model.dispose()),
  };
  return prunable;
}

/** Reads the graph and checks the options before a model is made of it. */
function openGraph(source: GraphModel | io.ModelArtifacts, options: AdaptGraphOptions) {
  const artifacts = isGraphModel(source) ? artifactsOf(source) : source;
  const graph = parseGraph(artifacts);
  const constants = constantsOf(artifacts);
  const found = analyse(graph, constants, options.inputShape);
  const analysis = { ...found, ...leaveAlone(found, options.leaveAlone) };
  checkOutput(graph, options.output);
  const ends = options.output === undefined ? graph.outputs : [edgeOf(options.output)];
  const last = lastNode(graph, ends);
  const softmax = last?.op === 'Softmax';
  const loss = resolveLoss(options.loss, softmax);
  const model = isGraphModel(source) ? source : loadModel(source);
  return { artifacts, graph, constants, analysis, ends, last, softmax, loss, model };
}

function signatureOf(
  model: GraphModel,
  ends: readonly Edge[],
  shapes: ReturnType<typeof analyse>['shapes'],
): GraphPrunable['signature'] {
  return {
    inputs: model.inputs.map(({ name, shape, dtype }) => ({
      name,
      shape: shown((shape as number[] | undefined) ?? null),
      dtype,
    })),
    outputs: ends.map(({ node }) => ({
      name: node,
      shape: shown(shapes.get(node) ?? null),
      dtype: model.outputs.find(({ name }) => edgeOf(name).node === node)?.dtype ?? 'float32',
    })),
  };
}

/** What the one output comes from, behind nodes that only hand on; undefined = there are several outputs. */
function lastNode({ nodes }: Graph, ends: readonly Edge[]): OpNode | undefined {
  if (ends.length !== 1) return undefined;
  let node = nodes.get(ends[0].node);
  while (node && isForwarding(node.op)) node = nodes.get(node.inputs[0].node);
  return node;
}

function isLinear({ op, attributes }: OpNode): boolean {
  const fused = attributes.strings('fused_ops').every((name) => name.toLowerCase() === 'biasadd');
  return fused && ['MatMul', '_FusedMatMul', 'Conv2D', '_FusedConv2D', 'BiasAdd', 'Add', 'AddV2'].includes(op);
}

function checkOutput({ nodes }: Graph, output: string | undefined): void {
  if (output === undefined || nodes.has(edgeOf(output).node)) return;
  throw new InputError('output-unknown', `the graph has no node ${show(output)}`, { where: 'output', found: output });
}

function foreignNote({ name, op }: { name: string; op: string }): Note {
  return say('unknown-operation', { id: show(name), what: show(op) });
}

function notesOf(constants: ReadonlyMap<string, Constant>): Note[] {
  const counts = new Map<string, number>();
  for (const { stored } of constants.values()) if (stored) counts.set(stored, (counts.get(stored) ?? 0) + 1);
  if (counts.size === 0) return [];
  const list = Array.from(counts, ([dtype, count]) => `${count} as ${dtype}`).join(', ');
  return [say('were-quantised', { types: list })];
}
