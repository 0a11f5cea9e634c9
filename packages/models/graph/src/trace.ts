import { say } from './notes.js';
import type { Note, NoteParam } from '@espalier/core';
import { type Channels, type Flow, type Grouping, type Labels, makeChannels, type Tie } from './channels.js';
import type { Graph, OpNode } from './graph.js';
import type { Edit } from './rewriter.js';
import type { Dim, Shape } from './shape.js';
import { type Source, UNKNOWN, type Value } from './values.js';

/** One node, as its rule sees it. */
export interface NodeVisit {
  readonly node: OpNode;
  /** "'name' (Op)", for people. */
  readonly label: string;
  readonly inputs: readonly Value[];
}

/** What a node gives, one value for each of its outputs. */
export type Rule = (step: NodeVisit, trace: ChannelRecorder) => readonly Value[];

export interface Kernel {
  readonly inAxis: number;
  /** How often each weight is multiplied per sample, over all nodes that read it; null = unknown. */
  uses: number | null;
  /** The first node that multiplies by it. */
  readonly node: string;
}

export interface ChannelRecorder {
  readonly graph: Graph;
  readonly channels: Channels;
  /** The size of the batch: −1 = open. */
  readonly batch: Dim;
  readonly kernels: Map<string, Kernel>;
  /** Weights that training may move besides kernels: biases, scales, slopes. */
  readonly learnt: Map<string, 'bias' | 'norm'>;
  /** Weights that are statistics or constants of a normalisation. */
  readonly statistics: Set<string>;
  pin(value: Value, reason: Note): void;
  /** Ties an axis of a constant input; `masked` false = it is only cut, never zeroed. */
  tie(step: NodeVisit, input: number, axis: number, labels: Labels, masked?: boolean): void;
  /** Lets an input of an elementwise operation meet channels that lie `fromRight` axes from its end (1 = the last). */
  meet(step: NodeVisit, input: number, fromRight: number, labels: Labels, masked?: boolean): void;
  kernel(step: NodeVisit, input: number, inAxis: number, uses: number | null): void;
  learn(step: NodeVisit, input: number, role: 'bias' | 'norm'): void;
  edit(edit: Edit): void;
  /** Whether the integers of an input can be replaced when the model shrinks. */
  canSet(step: NodeVisit, input: number, wildcard?: boolean): boolean;
}

interface Read {
  readonly reader: string;
  readonly label: NoteParam;
}

export interface ChannelTracer extends ChannelRecorder {
  readonly ties: readonly Tie[];
  readonly edits: readonly Edit[];
  /** Says that a node reads its inputs; weights whose readers do not all agree on channels keep them. */
  reads(step: NodeVisit): void;
  /** Weights that are results of the graph. */
  result(value: Value): void;
  finish(): Grouping;
}

/** How people are told of a node. */
export const labelOf = ({ name, op }: Pick<OpNode, 'name' | 'op'>) => `'${name}' (${op})`;

/** The nodes that hand on what they get. */
const FORWARDING = ['Identity', 'StopGradient', 'PreventGradient', 'Snapshot', 'CheckNumerics', 'EnsureShape'];
export const isForwarding = (op: string) => FORWARDING.includes(op);

export function makeTracer(graph: Graph, batch: Dim): ChannelTracer {
  const channels = makeChannels();
  const { ties, tie, meet } = makeTies(channels);
  const { reads, result, otherReader } = makeReads();
  const edits: Edit[] = [];
  const kernels = new Map<string, Kernel>();
  const learnt = new Map<string, 'bias' | 'norm'>();
  return {
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
    tie,
    meet,
    reads,
    result,
    pin({ flow, ints }, reason) {
      if (flow) channels.pin(flow.labels, reason);
      for (const { counts } of ints ?? []) if (counts) channels.pin(counts, reason);
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
    finish() {
      for (const { param, labels, readers } of ties.values()) {
        const other = otherReader(param, readers);
        if (other) channels.pin(labels, say('shared-with-reader', { id: param, what: other.label }));
      }
      return channels.groups([...ties.values()]);
    },
  };
}

/** Which axes of which weights hold which channels. */
function makeTies(channels: Channels) {
  const ties = new Map<string, Tie & { readers: Set<string> }>();

  function tieSource({ id, shape, reader }: Source, axis: number, labels: Labels, masked: boolean): void {
    if (shape[axis] !== labels.length)
      return channels.pin(
        labels,
        say('other-count', { number: axis, id, size: shape[axis] ?? '?', count: labels.length }),
      );
    const key = `${axis} ${id}`;
    const tie = ties.get(key);
    if (!tie) ties.set(key, { param: id, axis, labels, masked, readers: new Set([reader]) });
    else {
      channels.unite(tie.labels, labels, say('shares-fixed', { id }));
      tie.masked &&= masked;
      tie.readers.add(reader);
    }
  }

  function tie(step: NodeVisit, input: number, axis: number, labels: Labels, masked = true): void {
    const sources = sourcesOf(step, input);
    if (!sources) return channels.pin(labels, say('works-out-weights', { what: step.label }));
    for (const source of sources) tieSource(source, axis, labels, masked);
  }

  function meet(step: NodeVisit, input: number, fromRight: number, labels: Labels, masked = true): void {
    const { flow, shape } = step.inputs[input];
    const reason = say('meets-unfollowed', { what: step.label });
    const axis = shape ? shape.length - fromRight : undefined;
    if (flow && (axis === undefined || flow.axis !== axis)) {
      channels.pin(flow.labels, reason);
      return channels.pin(labels, reason);
    }
    if (axis === undefined) return channels.pin(labels, reason);
    // The same for every channel.
    if (axis < 0 || shape![axis] === 1) return;
    if (flow) {
      if (flow.labels.length === labels.length) return channels.unite(labels, flow.labels, reason);
      channels.pin(flow.labels, reason);
      return channels.pin(labels, reason);
    }
    const sources = sourcesOf(step, input);
    if (!sources) return channels.pin(labels, say('meets-fixed', { what: step.label }));
    for (const source of sources) {
      const own = source.shape.length - fromRight;
      if (own >= 0 && source.shape[own] !== 1) tieSource(source, own, labels, masked);
    }
  }

  return { ties, tie, meet };
}

/** Who reads each weight. */
function makeReads() {
  const readsOf = new Map<string, Read[]>();
  const add = (weight: string, read: Read) => readsOf.set(weight, [...(readsOf.get(weight) ?? []), read]);
  return {
    reads({ node, label, inputs }: NodeVisit): void {
      if (isForwarding(node.op)) return;
      inputs.forEach(({ weight }, i) => weight !== undefined && add(weight, { reader: `${node.name}#${i}`, label }));
    },
    result({ weight }: Value): void {
      if (weight !== undefined) add(weight, { reader: '', label: say('the-outputs') });
    },
    otherReader: (weight: string, readers: ReadonlySet<string>) =>
      readsOf.get(weight)?.find(({ reader }) => !readers.has(reader)),
  };
}

function sourcesOf({ node, inputs }: NodeVisit, input: number): readonly Source[] | undefined {
  const { weight, shape, sources } = inputs[input];
  if (weight !== undefined) return [{ id: weight, shape: shape!, reader: `${node.name}#${input}` }];
  return sources;
}

/** What an elementwise operation of constants is made of; undefined where others read it too, or not all is constant. */
export function sourcesTogether(step: NodeVisit, { graph }: ChannelRecorder): Source[] | undefined {
  if ((graph.readers.get(step.node.name) ?? 0) > 1) return undefined;
  const all = step.inputs.map((_, i) => sourcesOf(step, i));
  return all.every((sources) => sources !== undefined) ? all.flat() : undefined;
}

/** A node without a rule, or one whose rule cannot follow: all channels that reach it stay. */
export function refuse(
  step: NodeVisit,
  trace: ChannelRecorder,
  why: Note = say('not-followed-through'),
  shape: Shape = null,
): readonly Value[] {
  for (const value of step.inputs) trace.pin(value, say('feeds', { what: step.label, why }));
  return [{ shape }];
}

/** What is known of a node's output. */
export function valueAt(values: ReadonlyMap<string, readonly Value[]>, node: string, index: number): Value {
  return values.get(node)?.[index] ?? UNKNOWN;
}

export const flowOf = (axis: number, labels: Labels): Flow => ({ axis, labels });
