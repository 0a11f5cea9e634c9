import { InputError, show } from '@espalier/core';
import type { io } from '@tensorflow/tfjs-core';
import { type Attributes, attributesOf, type RawAttributes } from './attributes.js';

/** One output of a node. */
export interface Edge {
  readonly node: string;
  readonly index: number;
}

/** A node as GraphDef's JSON holds it. */
export interface RawNode {
  name: string;
  op: string;
  input?: string[];
  attr?: RawAttributes;
}

export interface OpNode {
  readonly name: string;
  readonly op: string;
  /** Data only: an input that merely orders execution is none. */
  readonly inputs: readonly Edge[];
  readonly attributes: Attributes;
}

export interface Graph {
  readonly nodes: ReadonlyMap<string, OpNode>;
  /** What the outputs need, inputs first. */
  readonly order: readonly OpNode[];
  readonly outputs: readonly Edge[];
  /** How many inputs each node feeds. */
  readonly readers: ReadonlyMap<string, number>;
  /** Const nodes inside functions and the initializer, whose weights the manifest has, too. */
  readonly elsewhere: ReadonlySet<string>;
}

interface Topology {
  readonly node?: unknown;
  readonly library?: { readonly function?: readonly { readonly nodeDef?: readonly RawNode[] }[] };
}

const FIX = 'convert the model again';

/**
 * The nodes of a graph model, checked: names, connections, outputs. A loop of the old style (Merge and NextIteration) is a
 * circle that may be there.
 *
 * Throws an InputError with code 'topology-invalid', 'node-duplicate', 'node-connection', 'graph-cycle' or 'graph-output'.
 */
export function parseGraph(artifacts: io.ModelArtifacts): Graph {
  const { node: raw, library } = (artifacts.modelTopology ?? {}) as Topology;
  if (!Array.isArray(raw)) throw malformed('modelTopology.node', 'an array of nodes', raw);
  if (raw.length === 0) throw malformed('modelTopology.node', 'at least one node', 'none');
  const nodes = new Map<string, OpNode>();
  for (const [i, node] of (raw as unknown[]).entries()) {
    const parsed = parseNode(node, `modelTopology.node[${i}]`);
    if (nodes.has(parsed.name)) throw duplicate(parsed.name);
    nodes.set(parsed.name, parsed);
  }
  const readers = new Map<string, number>();
  for (const { name, inputs } of nodes.values()) {
    for (const { node } of inputs) {
      if (!nodes.has(node)) throw dangling(name, node);
      readers.set(node, (readers.get(node) ?? 0) + 1);
    }
  }
  const outputs = outputsOf(artifacts, nodes, readers);
  const initializer = artifacts.modelInitializer as Topology | undefined;
  const inside = [
    ...(library?.function ?? []).flatMap(({ nodeDef }) => nodeDef ?? []),
    ...((initializer?.node as RawNode[] | undefined) ?? []),
  ];
  const elsewhere = new Set(inside.filter(({ op }) => op === 'Const').map(({ name }) => name));
  return { nodes, order: sort(nodes, outputs), outputs, readers, elsewhere };
}

function parseNode(value: unknown, where: string): OpNode {
  if (typeof value !== 'object' || value === null) throw malformed(where, 'an object', value);
  const { name, op, input = [], attr } = value as RawNode;
  if (typeof name !== 'string' || name === '') throw malformed(`${where}.name`, 'a name', name);
  if (typeof op !== 'string' || op === '') throw malformed(`${where}.op`, 'the name of an operation', op);
  if (!Array.isArray(input) || input.some((text) => typeof text !== 'string'))
    throw malformed(`${where}.input`, 'an array of names', input);
  if (attr !== undefined && attr !== null && typeof attr !== 'object')
    throw malformed(`${where}.attr`, 'an object', attr);
  const inputs = input.filter((text) => !text.startsWith('^')).map(edgeOf);
  return { name, op, inputs, attributes: attributesOf(attr ?? {}) };
}

/** 'node', 'node:1', or, from functions, 'node:output:1'. */
export function edgeOf(text: string): Edge {
  const parts = text.split(':');
  return { node: parts[0], index: parts.length > 1 ? Number(parts[parts.length - 1]) || 0 : 0 };
}

/** What the signature names, else every node that feeds none: as TensorFlow.js has it. */
function outputsOf(
  { signature, userDefinedMetadata }: io.ModelArtifacts,
  nodes: ReadonlyMap<string, OpNode>,
  readers: ReadonlyMap<string, number>,
): Edge[] {
  interface Signature {
    readonly outputs?: Readonly<Record<string, { readonly name?: string } | null>>;
  }
  const own = (userDefinedMetadata as { signature?: Signature } | undefined)?.signature ?? (signature as Signature);
  const named = Object.values(own?.outputs ?? {}).flatMap((output) => output?.name ?? []);
  const odd: unknown = named.find((name) => typeof name !== 'string');
  if (odd !== undefined) throw malformed('the name of an output in the signature', 'a name', odd);
  if (named.length === 0) {
    const ends = [...nodes.keys()].filter((name) => !readers.has(name));
    if (ends.length === 0) throw cycle([...nodes.keys()][0] ?? 'the graph');
    return ends.map((node) => ({ node, index: 0 }));
  }
  const edges = named.map(edgeOf);
  const lost = edges.find(({ node }) => !nodes.has(node));
  if (lost) throw noOutput(lost.node);
  return edges;
}

/** Depth first from the outputs, without recursion: graphs are deep. What they do not need is looked through for circles alone. */
function sort(nodes: ReadonlyMap<string, OpNode>, outputs: readonly Edge[]): OpNode[] {
  const order: OpNode[] = [];
  let needed: number | undefined;
  const state = new Map<string, 'open' | 'done'>();
  const stack: { node: OpNode; next: number }[] = [];
  const visit = (name: string) => {
    const known = state.get(name);
    if (known === 'done') return;
    if (known === 'open') throw cycle(name);
    state.set(name, 'open');
    stack.push({ node: nodes.get(name)!, next: 0 });
  };
  const roots = outputs.map(({ node }) => node);
  for (let next = 0; next < roots.length || needed === undefined; next++) {
    if (next === roots.length) {
      needed = order.length;
      roots.push(...nodes.keys());
    }
    visit(roots[next]);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const { node, next } = top;
      if (next < node.inputs.length) {
        top.next++;
        const source = nodes.get(node.inputs[next].node)!;
        // The way back of a loop is a start of its own, so that no circle is seen where one may be.
        if (source.op === 'NextIteration') roots.push(source.name);
        else visit(source.name);
        continue;
      }
      state.set(node.name, 'done');
      order.push(node);
      stack.pop();
    }
  }
  return order.slice(0, needed);
}

function malformed(where: string, wanted: string, value: unknown): InputError {
  const found = value === null ? 'null' : value === 'none' ? value : typeof value;
  return new InputError('topology-invalid', `${where}: wanted ${wanted}, found ${found}; ${FIX}`, {
    where,
    wanted,
    found,
    fix: FIX,
  });
}

function duplicate(name: string): InputError {
  return new InputError('node-duplicate', `two nodes are called ${show(name)}; ${FIX}`, {
    where: name,
    wanted: 'a name for each node',
    found: `${name} twice`,
    fix: FIX,
  });
}

function dangling(name: string, input: string): InputError {
  const message = `node ${show(name)} reads ${show(input)}, which is not there; ${FIX}`;
  return new InputError('node-connection', message, { where: name, wanted: 'a node', found: input, fix: FIX });
}

function cycle(name: string): InputError {
  return new InputError('graph-cycle', `node ${show(name)} waits for itself: the graph has a circle; ${FIX}`, {
    where: name,
    wanted: 'a graph without circles',
    found: 'a circle',
    fix: FIX,
  });
}

function noOutput(name: string): InputError {
  return new InputError('graph-output', `the signature's output ${show(name)} is no node of the graph; ${FIX}`, {
    where: name,
    wanted: 'a node',
    found: 'none',
    fix: FIX,
  });
}
