import { type Change, isKept, type Plan, type Removal, resolveMask, unitsOf } from '@espalier/core';
import { changedValues, changeOf, checkLeft, checkUnits, type HeldWeight, type Values } from '@espalier/adapter-kit';
import { type io, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { Analysis } from './analyse.js';
import { encode } from './artifacts.js';
import type { Labels, Tie } from './channels.js';
import type { RawNode } from './graph.js';
import type { Rewriter } from './rewriter.js';
import type { Int } from './values.js';

/** A graph model's artifacts and the tensors that hold its weights now. */
export interface Source {
  readonly artifacts: io.ModelArtifacts;
  readonly weights: Readonly<Record<string, readonly Tensor[]>>;
  /** The names of the output nodes. */
  readonly outputs: readonly string[];
}

/** An integer constant that is new in the graph. */
interface Sizes {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/**
 * The artifacts of a model without the units that the plan removes: weights and constants along channels are cut, and so are
 * the sizes that reshapes, paddings, splits and slices hold. Element masks come along as zeros. `change` says what was removed
 * of which parameter.
 *
 * Throws an InputError with code 'plan-mismatch' for a plan of another model, 'group-fixed' or 'group-empty' for units that
 * cannot go.
 */
export async function shrinkArtifacts(
  { artifacts, weights, outputs }: Source,
  held: readonly HeldWeight[],
  analysis: Analysis,
  plan: Plan,
): Promise<{ readonly smaller: io.ModelArtifacts; readonly change: Change }> {
  const { groups, ties, edits } = analysis;
  await checkUnits(plan, held, groups);
  checkLeft(plan, groups);
  const isLeft = (label: number) => {
    const at = analysis.unitOf(label);
    const units = at && unitsOf(plan, at.group);
    return !units || isKept(units, at.unit);
  };
  const topology = structuredClone(artifacts.modelTopology) as { node: RawNode[] };
  const added = new Map<string, Sizes>();
  const read = readNodes(topology);
  for (const name of outputs) read.delete(name);
  const rewriter = makeRewriter(topology, isLeft, added);
  for (const edit of edits) edit(rewriter);
  removeUnread(topology, read);

  const values = new Map<string, Values>();
  for (const { param, variable } of held) {
    const bits = await resolveMask(plan, param, groups);
    const data = (await variable.data<'float32'>()).slice();
    if (bits) data.forEach((_, i) => isKept(bits, i) || (data[i] = 0));
    values.set(param.id, { shape: param.shape, data });
  }
  const params = held.map(({ param }) => param);
  const { units } = changeOf(plan, { params, groups });
  const change: Change = { units, removals: removalsOf(ties, params, isLeft) };
  for (const [id, whole] of values) values.set(id, changedValues(id, whole, change));
  for (const node of topology.node) {
    const { shape } = values.get(node.name) ?? added.get(node.name) ?? {};
    if (shape) resizeConstant(node, shape);
  }
  const replaced = new Map<string, Tensor>();
  try {
    for (const [name, { shape, data }] of values) replaced.set(name, tensor(data, [...shape], 'float32'));
    for (const [name, { shape, data }] of added) replaced.set(name, tensor([...data], [...shape], 'int32'));
    const left = new Set(topology.node.map(({ name }) => name));
    const gone = (artifacts.modelTopology as { node: RawNode[] }).node.filter(({ name }) => !left.has(name));
    const without = new Set(gone.map(({ name }) => name));
    const smaller = await encode({ ...artifacts, modelTopology: topology }, weights, replaced, without);
    return { smaller, change };
  } finally {
    for (const own of replaced.values()) own.dispose();
  }
}

/** What goes of each parameter, in their order; constants that are only cut, such as divisors, are in no site of a group. */
function removalsOf(
  ties: readonly Tie[],
  params: readonly { readonly id: string }[],
  isLeft: (label: number) => boolean,
): Removal[] {
  return params.flatMap(({ id }) =>
    ties
      .filter(({ param }) => param === id)
      .sort((a, b) => a.axis - b.axis)
      .map(({ axis, labels }): Removal => {
        const removed = Array.from(labels.keys()).filter((i) => !isLeft(labels[i]));
        return { param: id, axis, size: labels.length, removed };
      })
      .filter(({ removed }) => removed.length > 0),
  );
}

function makeRewriter(
  topology: { node: RawNode[] },
  isLeft: (label: number) => boolean,
  added: Map<string, Sizes>,
): Rewriter {
  const nodes = new Map(topology.node.map((node) => [node.name, node]));
  const insert = (name: string, rest: Omit<RawNode, 'name'>) => {
    let free = name;
    for (let n = 2; nodes.has(free); n++) free = `${name}_${n}`;
    const node = { name: free, ...rest };
    nodes.set(free, node);
    topology.node.push(node);
    return free;
  };
  /** The node that an input comes from, behind what only hands on. */
  const source = (text: string): RawNode => nodes.get(nameOf(text))!;

  const kept = (labels: Labels) => Array.from(labels.keys()).filter((i) => isLeft(labels[i]));
  const count = (labels: Labels) => kept(labels).length;
  const constant: Rewriter['constant'] = (near, numbers, shape) => {
    const name = insert(`${near}/sizes`, {
      op: 'Const',
      attr: { dtype: { type: 'DT_INT32' }, value: { tensor: tensorShape('DT_INT32', shape) } } as RawNode['attr'],
    });
    added.set(name, { shape, data: [...numbers] });
    return name;
  };
  return {
    kept,
    count,
    constant,
    node: (name) => nodes.get(name)!,
    setInts(name, index, ints, shape = [ints.length]) {
      const node = nodes.get(name)!;
      const at = inputAt(node, index);
      const numbers = ints.map((int) => (int.counts ? count(int.counts) : int.value));
      const open = numbers.filter((value) => value === null).length;
      if (open === 0 || (open === 1 && !numbers.includes(-1) && node.op === 'Reshape')) {
        const known = numbers.map((value) => value ?? -1);
        const [old] = node.input![at].split(':');
        // A constant that is this node's own keeps its name.
        if (nodes.get(old)!.op === 'Const' && readersOf(topology, old) === 1) {
          added.set(old, { shape, data: known });
          return;
        }
        node.input![at] = constant(name, known, shape);
        return;
      }
      // A shape packed while the graph runs: only the sizes that are known take new values.
      const pack = source(node.input![at]);
      const input = [...pack.input!];
      numbers.forEach((value, i) => {
        if (value !== null && !(ints[i] as Int).counts) input[inputAt(pack, i)] = constant(name, [value], []);
      });
      node.input![at] = insert(`${name}/shape`, { op: pack.op, input, attr: pack.attr ?? {} });
    },
  };
}

/** The position of a data input: control inputs may stand between them. */
const inputAt = ({ input = [] }: RawNode, index: number) =>
  input.flatMap((text, i) => (text.startsWith('^') ? [] : [i]))[index];

const nameOf = (input: string) => input.replace(/^\^/, '').split(':')[0];

const readersOf = ({ node }: { node: readonly RawNode[] }, name: string) =>
  node.reduce((sum, { input = [] }) => sum + input.filter((text) => nameOf(text) === name).length, 0);

const readNodes = ({ node }: { node: readonly RawNode[] }) =>
  new Set(node.flatMap(({ input = [] }) => input.map(nameOf)));

/** What nothing reads any more would count as an output of the graph. */
function removeUnread(topology: { node: RawNode[] }, before: ReadonlySet<string>): void {
  for (let left = -1; left !== topology.node.length;) {
    left = topology.node.length;
    const now = readNodes(topology);
    topology.node = topology.node.filter(({ name }) => now.has(name) || !before.has(name));
  }
}

const tensorShape = (dtype: string, shape: readonly number[]) => ({
  dtype,
  tensorShape: { dim: shape.map((size) => ({ size: String(size) })) },
});

/** Some converters write a constant's shape into its node as well. */
function resizeConstant(node: RawNode, shape: readonly number[]): void {
  const value = (node.attr as { value?: { tensor?: { tensorShape?: unknown } } } | undefined)?.value;
  if (value?.tensor?.tensorShape) value.tensor.tensorShape = tensorShape('', shape).tensorShape;
}
