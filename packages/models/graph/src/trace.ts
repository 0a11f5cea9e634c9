import { type Channels, type Flow, type Grouping, type Labels, makeChannels, type Tie } from './channels.js';
import type { Graph, OpNode } from './graph.js';
import type { Edit } from './rewriter.js';
import type { Dim, Shape } from './shape.js';
import { type Source, UNKNOWN, type Value } from './values.js';

/** One node, as its rule sees it. */
export interface Step {
  readonly node: OpNode;
  /** "'name' (Op)", for people. */
  readonly label: string;
  readonly inputs: readonly Value[];
}

/** What a node gives, one value for each of its outputs. */
export type Rule = (step: Step, trace: Trace) => readonly Value[];

export interface Kernel {
  readonly inAxis: number;
  /** How often each weight is multiplied per sample, over all nodes that read it; null = unknown. */
  uses: number | null;
  /** The first node that multiplies by it. */
  readonly node: string;
}

export interface Trace {
  readonly graph: Graph;
  readonly channels: Channels;
  /** The size of the batch: −1 = open. */
  readonly batch: Dim;
  readonly kernels: Map<string, Kernel>;
  /** Weights that training may move besides kernels: biases, scales, slopes. */
  readonly learnt: Map<string, 'bias' | 'norm'>;
  /** Weights that are statistics or constants of a normalisation. */
  readonly statistics: Set<string>;
  pin(value: Value, reason: string): void;
  /** Ties an axis of a constant input; `masked` false = it is only cut, never zeroed. */
  tie(step: Step, input: number, axis: number, labels: Labels, masked?: boolean): void;
  /** Lets an input of an elementwise operation meet channels that lie `fromRight` axes from its end (1 = the last). */
  meet(step: Step, input: number, fromRight: number, labels: Labels, masked?: boolean): void;
  kernel(step: Step, input: number, inAxis: number, uses: number | null): void;
  learn(step: Step, input: number, role: 'bias' | 'norm'): void;
  edit(edit: Edit): void;
  /** Whether the integers of an input can be replaced when the model shrinks. */
  canSet(step: Step, input: number, wildcard?: boolean): boolean;
}

interface Read {
  readonly reader: string;
  readonly label: string;
}

export interface Tracing extends Trace {
  readonly ties: readonly Tie[];
  readonly edits: readonly Edit[];
  /** Says that a node reads its inputs; weights whose readers do not all agree on channels keep them. */
  reads(step: Step): void;
  /** Weights that are results of the graph. */
  result(value: Value): void;
  finish(): Grouping;
}

/** The nodes that hand on what they get. */
const FORWARDING = ['Identity', 'StopGradient', 'PreventGradient', 'Snapshot', 'CheckNumerics', 'EnsureShape'];
export const isForwarding = (op: string) => FORWARDING.includes(op);

export function makeTrace(graph: Graph, batch: Dim): Tracing {
  const channels = makeChannels();
  const ties = new Map<string, Tie & { readers: Set<string> }>();
  const reads = new Map<string, Read[]>();
  const edits: Edit[] = [];
  const kernels = new Map<string, Kernel>();
  const learnt = new Map<string, 'bias' | 'norm'>();

  function tieSource({ id, shape, reader }: Source, axis: number, labels: Labels, masked: boolean): void {
    if (shape[axis] !== labels.length)
      return channels.pin(labels, `axis ${axis} of '${id}' has ${shape[axis]} entries for ${labels.length} channels`);
    const key = `${axis} ${id}`;
    const tie = ties.get(key);
    if (!tie) ties.set(key, { param: id, axis, labels, masked, readers: new Set([reader]) });
    else {
      channels.unite(tie.labels, labels, `shares '${id}' with channels that stay`);
      tie.masked &&= masked;
      tie.readers.add(reader);
    }
  }

  const trace: Tracing = {
    graph,
    channels,
    batch,
    kernels,
    learnt,
    statistics: new Set(),
    edits,
    get ties() {
      return [...ties.values()];
    },
    pin({ flow, ints }, reason) {
      if (flow) channels.pin(flow.labels, reason);
      for (const { counts } of ints ?? []) if (counts) channels.pin(counts, reason);
    },
    tie(step, input, axis, labels, masked = true) {
      const sources = sourcesOf(step, input);
      if (!sources) return channels.pin(labels, `${step.label} works out its weights`);
      for (const source of sources) tieSource(source, axis, labels, masked);
    },
    meet(step, input, fromRight, labels, masked = true) {
      const value = step.inputs[input];
      const reason = `meets channels that cannot be followed in ${step.label}`;
      const axis = value.shape ? value.shape.length - fromRight : undefined;
      if (value.flow && (axis === undefined || value.flow.axis !== axis)) {
        channels.pin(value.flow.labels, reason);
        return channels.pin(labels, reason);
      }
      if (axis === undefined) return channels.pin(labels, reason);
      // The same for every channel.
      if (axis < 0 || value.shape![axis] === 1) return;
      if (value.flow) {
        if (value.flow.labels.length === labels.length) return channels.unite(labels, value.flow.labels, reason);
        channels.pin(value.flow.labels, reason);
        return channels.pin(labels, reason);
      }
      const sources = sourcesOf(step, input);
      if (!sources) return channels.pin(labels, `meets channels that stay in ${step.label}`);
      for (const source of sources) {
        const own = source.shape.length - fromRight;
        if (own >= 0 && source.shape[own] !== 1) tieSource(source, own, labels, masked);
      }
    },
    kernel({ node, inputs }, input, inAxis, uses) {
      const id = inputs[input].weight;
      if (id === undefined) return;
      const known = kernels.get(id);
      if (!known) kernels.set(id, { inAxis, uses, node: node.name });
      else known.uses = known.uses === null || uses === null ? null : known.uses + uses;
    },
    learn(step, input, role) {
      const id = step.inputs[input]?.weight;
      if (id !== undefined && !learnt.has(id)) learnt.set(id, role);
    },
    edit: (edit) => void edits.push(edit),
    canSet({ node, inputs }, input, wildcard = false) {
      const ints = inputs[input]?.ints;
      if (!ints) return false;
      const open = ints.filter(({ value }) => value === null).length;
      if (open === 0) return true;
      if (wildcard && open === 1 && ints.every(({ value }) => value !== -1)) return true;
      return graph.nodes.get(node.inputs[input].node)!.op === 'Pack';
    },
    reads(step) {
      if (isForwarding(step.node.op)) return;
      step.inputs.forEach(({ weight }, i) => {
        if (weight === undefined) return;
        const list = reads.get(weight) ?? [];
        list.push({ reader: `${step.node.name}#${i}`, label: step.label });
        reads.set(weight, list);
      });
    },
    result({ weight }) {
      if (weight !== undefined) reads.set(weight, [...(reads.get(weight) ?? []), { reader: '', label: 'the outputs' }]);
    },
    finish() {
      for (const { param, labels, readers } of ties.values()) {
        const other = reads.get(param)?.find(({ reader }) => !readers.has(reader));
        if (other) channels.pin(labels, `'${param}' is also read by ${other.label}`);
      }
      return channels.groups([...ties.values()]);
    },
  };
  return trace;
}

function sourcesOf({ node, inputs }: Step, input: number): readonly Source[] | undefined {
  const { weight, shape, sources } = inputs[input];
  if (weight !== undefined) return [{ id: weight, shape: shape!, reader: `${node.name}#${input}` }];
  return sources;
}

/** What an elementwise operation of constants is made of; undefined where others read it too, or not all is constant. */
export function sourcesTogether(step: Step, { graph }: Trace): Source[] | undefined {
  if ((graph.readers.get(step.node.name) ?? 0) > 1) return undefined;
  const all = step.inputs.map((_, i) => sourcesOf(step, i));
  return all.every((sources) => sources !== undefined) ? all.flat() : undefined;
}

/** A node without a rule, or one whose rule cannot follow: all channels that reach it stay. */
export function refuse(
  step: Step,
  trace: Trace,
  why = 'through which channels are not followed',
  shape: Shape = null,
): readonly Value[] {
  for (const value of step.inputs) trace.pin(value, `feeds ${step.label}, ${why}`);
  return [{ shape }];
}

/** What is known of a node's output. */
export function valueAt(values: ReadonlyMap<string, readonly Value[]>, node: string, index: number): Value {
  return values.get(node)?.[index] ?? UNKNOWN;
}

export const flowOf = (axis: number, labels: Labels): Flow => ({ axis, labels });
