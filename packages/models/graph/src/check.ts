import { InputError, show } from '@espalier/core';
import type { Constant } from './constants.js';
import type { Graph } from './graph.js';
import type { Dim, Shape } from './shape.js';
import type { NodeVisit } from './trace.js';
import type { Value } from './values.js';

const FIX = 'convert the model again, topology and weights together';

/**
 * Weights and Const nodes must match, in name, dtype and shape, and a kernel must have entries.
 *
 * Throws an InputError with code 'weights-mismatch', 'weight-dtype' or 'weight-shape'.
 */
export function checkWeights(graph: Graph, constants: ReadonlyMap<string, Constant>): void {
  const own = [...graph.nodes.values()].filter(({ op }) => op === 'Const').map(({ name }) => name);
  const absent = [...own, ...graph.elsewhere].filter((name) => !constants.has(name));
  const extra = [...constants.keys()].filter(
    (name) => graph.nodes.get(name)?.op !== 'Const' && !graph.elsewhere.has(name),
  );
  if (absent.length > 0 || extra.length > 0) {
    const list = (names: readonly string[]) =>
      names.length === 0
        ? 'none'
        : `${names.slice(0, 5).map(show).join(', ')}${names.length > 5 ? `, and ${names.length - 5} more` : ''}`;
    throw new InputError(
      'weights-mismatch',
      `the weights do not fit the graph: missing ${list(absent)}; not in the graph ${list(extra)}; ${FIX}`,
      { where: 'weightSpecs', wanted: list(absent), found: list(extra), fix: FIX },
    );
  }
  for (const constant of constants.values()) checkDeclared(constant, graph);
  for (const { name, op, inputs } of graph.order) {
    const at = KERNELS[op];
    const source = at === undefined ? undefined : inputs[at.input];
    const constant = source && constants.get(source.node);
    if (!constant || (constant.shape.length === at.rank && constant.shape.every((size) => size > 0))) continue;
    const found = `[${constant.shape.join(', ')}]`;
    throw new InputError(
      'weight-shape',
      `weight ${show(constant.name)}: ${show(name)} (${op}) wants ${at.rank} axes of at least 1 entry, found ${found}; ${FIX}`,
      { where: constant.name, wanted: `${at.rank} axes of at least 1 entry`, found, fix: FIX },
    );
  }
}

/** Where operations take a kernel, and how many axes it has. */
const KERNELS: Readonly<Record<string, { input: number; rank: number }>> = {
  Conv2D: { input: 1, rank: 4 },
  _FusedConv2D: { input: 1, rank: 4 },
  Conv3D: { input: 1, rank: 5 },
  DepthwiseConv2dNative: { input: 1, rank: 4 },
  DepthwiseConv2d: { input: 1, rank: 4 },
  FusedDepthwiseConv2dNative: { input: 1, rank: 4 },
  Conv2DBackpropInput: { input: 1, rank: 4 },
  Conv2dTranspose: { input: 1, rank: 4 },
  MatMul: { input: 1, rank: 2 },
  _FusedMatMul: { input: 1, rank: 2 },
};

/** What the converter stores each dtype of TensorFlow as; others are not known here. */
const STORED: Readonly<Record<string, Constant['dtype']>> = {
  ...Object.fromEntries(['FLOAT', 'HALF', 'BFLOAT16', 'DOUBLE'].map((name) => [`DT_${name}`, 'float32'])),
  ...Object.fromEntries(['INT32', 'INT64', 'INT8', 'INT16', 'UINT8', 'UINT16'].map((name) => [`DT_${name}`, 'int32'])),
  DT_BOOL: 'bool',
  DT_STRING: 'string',
  DT_COMPLEX64: 'complex64',
};

function checkDeclared({ name, dtype, shape }: Constant, { nodes }: Graph): void {
  const attributes = nodes.get(name)?.attributes;
  const [type, sizes] = [attributes?.type('dtype'), attributes?.tensorShape('value')];
  const wanted = type !== undefined && Object.hasOwn(STORED, type) ? STORED[type] : dtype;
  if (wanted !== dtype) throw misfit('weight-dtype', name, `${type}, stored as ${wanted}`, dtype);
  if (sizes && !(sizes.length === shape.length && sizes.every((size, i) => size === shape[i])))
    throw misfit('weight-shape', name, `the [${sizes.join(', ')}] of its node`, `[${shape.join(', ')}]`);
}

function misfit(code: string, where: string, wanted: string, found: string): InputError {
  return new InputError(code, `weight ${show(where)}: wanted ${wanted}, found ${found}; ${FIX}`, {
    where,
    wanted,
    found,
    fix: FIX,
  });
}

/**
 * Whether the weights of a node are of the sizes that what it is given has, as far as those are known: TensorFlow.js would say so
 * only when the model runs. Throws an InputError with code 'weight-shape'.
 */
export function checkFits(step: NodeVisit): void {
  const { node, inputs } = step;
  const [x, kernel] = inputs;
  const check = (weight: Value | undefined, axis: number, size: Dim, multiple = false) => {
    const own = weight?.shape?.[axis];
    if (weight?.weight === undefined || !isKnown(own) || !isKnown(size)) return;
    if (own === size || (multiple && size % own === 0)) return;
    const found = `[${weight.shape!.join(', ')}]`;
    throw misfit('weight-shape', weight.weight, `${size} entries along axis ${axis} for ${step.label}`, found);
  };
  const vector = (input: number, size: Dim) => {
    const weight = inputs[input];
    if (weight?.shape?.length !== 1 && weight?.weight !== undefined && weight.shape && isKnown(size) && size > 1)
      throw misfit('weight-shape', weight.weight, `[${size}] for ${step.label}`, `[${weight.shape.join(', ')}]`);
    if (weight?.shape?.[0] !== 1) check(weight, 0, size);
  };
  const { op, attributes } = node;
  const channels = channelsOf(step);
  const fuses = attributes.strings('fused_ops').some((name) => name.toLowerCase() === 'biasadd');
  if (/^(_Fused)?MatMul$/.test(op)) {
    const flip = (name: string) => attributes.boolean(name);
    if (x?.shape?.length === 2) check(kernel, flip('transpose_b') ? 1 : 0, x.shape[flip('transpose_a') ? 0 : 1]);
    if (fuses) vector(2, kernel?.shape?.[flip('transpose_b') ? 0 : 1] ?? null);
  } else if (/^(_Fused)?Conv2D$|^Conv3D$/.test(op)) {
    const last = (kernel?.shape?.length ?? 0) - 1;
    // A grouped convolution reads fewer channels than it is given.
    check(kernel, last - 1, channels, true);
    if (fuses) vector(2, kernel?.shape?.[last] ?? null);
  } else if (/^(Fused)?DepthwiseConv2d(Native)?$/.test(op)) check(kernel, 2, channels);
  else if (op === 'BiasAdd') vector(1, channels);
  else if (/^FusedBatchNorm(V[23])?$/.test(op)) for (const input of [1, 2, 3, 4]) vector(input, channels);
}

const isKnown = (size: Dim | undefined): size is number => typeof size === 'number' && size > 0;

/** The channels that the first input has. */
function channelsOf({ node, inputs }: NodeVisit): Dim {
  const shape: Shape = inputs[0]?.shape ?? null;
  if (!shape || shape.length < 2) return null;
  const axis = node.attributes.string('data_format', 'NHWC').startsWith('NC') ? 1 : shape.length - 1;
  return shape[axis];
}
