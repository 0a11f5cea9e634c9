import { type Group, InputError, isEspalierError, type Note, type Param, show } from '@espalier/core';
import { biasOf } from './biases.js';
import { checkFits, checkWeights } from './check.js';
import type { Constant } from './constants.js';
import type { Tie } from './channels.js';
import type { Graph, OpNode } from './graph.js';
import { say } from './notes.js';
import type { Edit } from './rewriter.js';
import { RULES } from './rules/index.js';
import type { Dim, Shape } from './shape.js';
import { isForwarding, labelOf, makeTracer, refuse, type NodeVisit, type ChannelRecorder, valueAt } from './trace.js';
import { intsOf, type Value } from './values.js';

/** What is known of a graph before it runs. */
export interface Analysis {
  readonly params: readonly Param[];
  readonly groups: readonly Group[];
  /** Where each channel is in the groups. */
  readonly unitOf: (label: number) => { group: string; unit: number } | undefined;
  /** The groups that each node's own channels are in. */
  readonly made: ReadonlyMap<string, readonly string[]>;
  readonly ties: readonly Tie[];
  readonly edits: readonly Edit[];
  /** The shape of each node's first output. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** The nodes that read each parameter. */
  readonly readers: ReadonlyMap<string, readonly string[]>;
  /** Statistics of normalisations, which have no gradient. */
  readonly statistics: ReadonlySet<string>;
}

/** Operations that know of counted channels in all their inputs, or in the first one only. */
const COUNTING = ['Shape', 'Pack', 'Concat', 'ConcatV2', 'Cast', 'Reshape', 'ExpandDims', 'Squeeze', 'Unpack'];
const COUNTING_FIRST = ['StridedSlice', 'Slice', 'Gather', 'GatherV2', 'Conv2DBackpropInput', 'Conv2dTranspose'];

/**
 * Follows channels through the graph, inputs first. Convolutions and matrix products open channels; every axis of a weight
 * or a constant that the channels pass or end at is tied to them. Channels that reach an operation without a rule, or an
 * output, stay. `inputShape` takes the place of the shape that the one input declares.
 *
 * Throws an InputError with code 'weights-mismatch', 'weight-shape', 'weight-dtype', 'node-invalid' or 'model-inputs'.
 */
export function analyse(
  graph: Graph,
  constants: ReadonlyMap<string, Constant>,
  inputShape?: readonly number[],
): Analysis {
  checkWeights(graph, constants);
  const placeholders = graph.order.filter(({ op }) => op === 'Placeholder');
  const declared = new Map(placeholders.map((node) => [node.name, declaredShape(node, placeholders, inputShape)]));
  const batch = declared.get(placeholders[0]?.name)?.[0] ?? null;
  const trace = makeTracer(graph, batch);
  const values = new Map<string, readonly Value[]>();
  const readers = new Map<string, string[]>();
  for (const node of graph.order) {
    const inputs = node.inputs.map((edge) => valueAt(values, edge.node, edge.index));
    const step: NodeVisit = { node, label: `'${node.name}' (${node.op})`, inputs };
    try {
      checkFits(step);
      values.set(node.name, outputsOf(step, trace, constants, declared));
    } catch (error) {
      throw isEspalierError(error) ? error : unfitting(step, error);
    }
    trace.reads(step);
    if (isForwarding(node.op)) continue;
    for (const { weight } of inputs) {
      if (weight !== undefined) readers.set(weight, [...(readers.get(weight) ?? []), node.name]);
    }
  }
  for (const { node, index } of graph.outputs) {
    const value = valueAt(values, node, index);
    trace.pin(value, say('model-output'));
    trace.result(value);
  }
  const { groups, unitOf, made } = trace.finish();
  return {
    params: paramsOf(graph, constants, trace, readers),
    groups,
    made,
    unitOf: (label) => (label < 0 ? undefined : unitOf.get(trace.channels.find(label))),
    ties: trace.ties,
    edits: trace.edits,
    shapes: new Map(Array.from(values, ([name, outputs]) => [name, outputs[0]?.shape ?? null])),
    readers,
    statistics: trace.statistics,
  };
}

function outputsOf(
  step: NodeVisit,
  trace: ChannelRecorder,
  constants: ReadonlyMap<string, Constant>,
  declared: ReadonlyMap<string, Shape>,
): readonly Value[] {
  const { node, inputs } = step;
  if (node.op === 'Const') return [constantValue(constants.get(node.name)!)];
  if (node.op === 'Placeholder') return [{ shape: declared.get(node.name)! }];
  const outputs = RULES.get(node.op)?.(step, trace) ?? refuse(step, trace);
  if (isForwarding(node.op) || COUNTING.includes(node.op)) return outputs;
  const last = COUNTING_FIRST.includes(node.op) ? 1 : 0;
  for (const { ints } of inputs.slice(last))
    if (ints) trace.pin({ shape: null, ints }, say('counted', { what: step.label }));
  return outputs;
}

/** Rules take what an operation has for granted: its inputs, and attributes of the right kind. */
function unfitting({ label, inputs }: NodeVisit, cause: unknown): InputError {
  const wanted = 'the inputs and the attributes of its operation';
  const found = `${inputs.length} inputs, and ${show(cause instanceof Error ? cause.message : String(cause))}`;
  const fix = 'convert the model again';
  return new InputError('node-invalid', `${label}: wanted ${wanted}, found ${found}; ${fix}`, {
    where: label,
    wanted,
    found,
    fix,
    cause,
  });
}

function constantValue({ name, shape, dtype, ints, scalar }: Constant): Value {
  return {
    shape,
    ...(dtype === 'float32' && shape.length > 0 && { weight: name }),
    // Made of nothing that channels could be tied to.
    ...(shape.length === 0 && { sources: [] }),
    ...(ints && { ints: intsOf(ints) }),
    ...(scalar !== undefined && { scalar }),
  };
}

/** The shape of an input, its batch as −1 where that is open. */
function declaredShape(node: OpNode, all: readonly OpNode[], given: readonly number[] | undefined): Shape {
  const sizes = node.attributes.shape('shape');
  if (given && all.length !== 1) throw severalInputs(all.length);
  if (given && sizes) checkGiven(node.name, sizes, given);
  const shape = given && sizes?.[0] === -1 ? [-1, ...given.slice(1)] : (given ?? sizes);
  return shape?.map((size, i): Dim => (size >= 0 ? size : i === 0 ? -1 : null)) ?? null;
}

function checkGiven(name: string, sizes: readonly number[], given: readonly number[]): void {
  if (given.length === sizes.length && sizes.every((size, i) => size < 0 || size === given[i])) return;
  const wanted = `[${sizes.map((size) => (size < 0 ? '?' : size)).join(', ')}]`;
  const found = `[${given.join(', ')}]`;
  throw new InputError('input-shape', `the input shape of '${name}' must fit ${wanted}, got ${found}`, {
    where: name,
    wanted,
    found,
  });
}

function severalInputs(count: number): InputError {
  return new InputError('model-inputs', `an input shape needs a model with one input, this one has ${count}`, {
    where: 'inputShape',
    wanted: 'one input',
    found: String(count),
  });
}

/** Every float weight with an axis, in the manifest's order. */
function paramsOf(
  graph: Graph,
  constants: ReadonlyMap<string, Constant>,
  trace: ChannelRecorder,
  readers: ReadonlyMap<string, readonly string[]>,
): Param[] {
  const places = new Map(graph.order.map(({ name }, place) => [name, place]));
  return [...constants.values()]
    .filter(({ dtype, shape, name }) => dtype === 'float32' && shape.length > 0 && graph.nodes.has(name))
    .map(({ name: id, shape }): Param => {
      const kernel = trace.kernels.get(id);
      if (kernel) {
        const { inAxis, uses } = kernel;
        const [own, ...others] = readers.get(id) ?? [];
        const outputs = shape[shape.length - 1];
        const shapeOf = (weight: string) => constants.get(weight)?.shape;
        const bias =
          own !== undefined && others.length === 0
            ? biasOf(graph, graph.nodes.get(own)!, outputs, shapeOf, readers)
            : undefined;
        return {
          ...{ id, shape, inAxis, role: 'kernel', uses, trainable: true },
          ...(bias !== undefined && { bias }),
          ...(own !== undefined && { place: places.get(own)! }),
          ...skipOf(id, graph, trace, readers),
        };
      }
      const learnt = trace.learnt.get(id);
      const constant = isConstant(id, graph, readers);
      const role = learnt ?? (trace.statistics.has(id) ? 'norm' : constant ? 'bias' : 'kernel');
      const why =
        learnt === 'bias'
          ? say('a-bias')
          : learnt === 'norm'
            ? say('a-scale')
            : role === 'norm'
              ? say('a-statistic')
              : undefined;
      return {
        id,
        shape,
        inAxis: -1,
        role,
        // Of weights that an operation without a rule reads, nothing is known.
        uses: role === 'kernel' ? null : 0,
        trainable: learnt !== undefined,
        skip: why ?? constantReason(id, graph, readers),
      };
    });
}

const MULTIPLIES = ['Conv', 'MatMul', 'Einsum', 'LSTM', 'GRU', 'RNN'];
const opsThatRead = (id: string, graph: Graph, readers: ReadonlyMap<string, readonly string[]>) =>
  (readers.get(id) ?? []).map((name) => graph.nodes.get(name)!);

/** Whether nothing that reads it looks like a multiplication by a kernel. */
const isConstant = (id: string, graph: Graph, readers: ReadonlyMap<string, readonly string[]>) =>
  !opsThatRead(id, graph, readers).some(({ op }) => MULTIPLIES.some((part) => op.includes(part)));

function constantReason(id: string, graph: Graph, readers: ReadonlyMap<string, readonly string[]>): Note {
  const [reader] = opsThatRead(id, graph, readers);
  if (!reader) return say('unread');
  return isConstant(id, graph, readers)
    ? say('a-constant', { what: labelOf(reader) })
    : say('not-multiplied', { what: labelOf(reader) });
}

/** A kernel may still be something else to another node. */
function skipOf(
  id: string,
  graph: Graph,
  { kernels }: ChannelRecorder,
  readers: ReadonlyMap<string, readonly string[]>,
): { skip?: Note } {
  const kinds = new Set(opsThatRead(id, graph, readers).map(({ op }) => op));
  const other = opsThatRead(id, graph, readers).find(({ op }) => !MULTIPLIES.some((part) => op.includes(part)));
  return kernels.has(id) && other && kinds.size > 1 ? { skip: say('also-read', { what: labelOf(other) }) } : {};
}
