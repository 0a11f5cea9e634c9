import {
  type Batch,
  type Group,
  InputError,
  inputsUnsupported,
  isKept,
  keptIndices,
  makeBits,
  type Output,
  type Param,
  type Plan,
  type PrunableModel,
  resolveMask,
  seededRandom,
  show,
  unitsOf,
  type View,
} from '@espalier/core';
import {
  describeLayer,
  checkFixed,
  leaveAlone,
  LOSSES,
  meanGradients,
  outputOf,
  resolveLoss,
  withView,
  writeVariable,
} from '@espalier/adapter-kit';
import * as tf from '@tensorflow/tfjs-core';
import { maskVariables } from './mask-variables.js';
import { crossEntropy, forward, IDS, type TinyVariables } from './tiny-passes.js';

/** Weights by row: hiddenKernel [inputs][units], outKernel [units][classes]. */
export interface TinyWeights {
  readonly hiddenKernel: readonly (readonly number[])[];
  readonly hiddenBias: readonly number[];
  readonly outKernel: readonly (readonly number[])[];
  readonly outBias: readonly number[];
}

export interface TinyOptions {
  readonly weights?: TinyWeights;
  /** Draws weights from (−1, 1) for 4 inputs, 6 hidden units and 3 classes where none are given. */
  readonly seed?: number;
  /** What predict() returns; the loss is cross-entropy either way. */
  readonly output?: TinyOutput;
}

type TinyOutput = Extract<Output, 'probabilities' | 'logits'>;

export const TINY_DEFAULTS = { seed: 1, output: 'probabilities' } as const;

/** The format of its artifacts. */
const FORMAT = 'tiny-network';

/**
 * The smallest whole PrunableModel, for testing plug-ins without an adapter: softmax(tanh(x·W₁ + b₁)·W₂ + b₂) under mean
 * cross-entropy, with the gradients written out. The hidden units form the group 'hidden', the classes the protected
 * group 'out'. Needs a backend, and registered gradients under other losses only. The caller disposes it.
 */
export function tinyNetwork(options: TinyOptions = {}): PrunableModel {
  const { seed, output, weights = drawWeights(seed) } = { ...TINY_DEFAULTS, ...options };
  const values = [weights.hiddenKernel, weights.hiddenBias, weights.outKernel, weights.outBias];
  return look(variablesOf(values.map((value) => tf.tensor(value as number[][], undefined, 'float32'))), output, {});
}

/** What `toArtifacts()` of a tiny network gave, as a network again; the caller disposes it. */
export async function openTinyNetwork({ modelTopology, weightData, weightSpecs }: tf.io.ModelArtifacts) {
  const tensors = tf.io.decodeWeights(weightData!, weightSpecs!);
  const { output } = modelTopology as { output: TinyOutput };
  return look(variablesOf(IDS.map((id) => tensors[id])), output, {});
}

/** Takes the tensors over. */
function variablesOf(tensors: readonly tf.Tensor[]): TinyVariables {
  const variables = new Map(IDS.map((id, i) => [id as string, tf.variable(tensors[i])]));
  tf.dispose([...tensors]);
  return variables;
}

/** A view of the network whose weights these are. */
function look(variables: TinyVariables, kind: TinyOutput, options: View): PrunableModel {
  const shapeOf = (id: (typeof IDS)[number]) => variables.get(id)!.shape;
  const { params, groups } = leaveAlone(weightsOf(variables), options.leaveAlone);
  const port = (name: string, size: number) => ({ name, shape: [null, size], dtype: 'float32' });
  const signature = {
    inputs: [port('x', shapeOf('hidden/kernel')[0])],
    outputs: [port('out', shapeOf('out/bias')[0])],
  };
  if (options.inputShape) checkFixed(signature.inputs, options.inputShape);
  if (options.output !== undefined && options.output !== 'out') throw unknownOutput(options.output);
  const loss = resolveLoss(options.loss, kind === 'probabilities');
  const isSoftmax = kind === 'probabilities';
  const own = isSoftmax ? LOSSES.categoricalCrossentropy : LOSSES.softmaxCrossEntropy;
  const variable = (id: string): tf.Variable => {
    const found = variables.get(id);
    if (found) return found;
    throw new RangeError(`tinyNetwork has no parameter '${id}'`);
  };
  const read = async (id: string) => (await variable(id).data<'float32'>()).slice();
  const predict = (x: tf.Tensor) =>
    tf.tidy(() => {
      const { logits } = forward(variables, x);
      return isSoftmax ? tf.softmax(logits) : logits;
    });
  const network: PrunableModel = {
    model: { weights: Object.fromEntries(variables), predict: (x) => predict(x as tf.Tensor) },
    signature,
    notes: [],
    foreign: [],
    params,
    groups,
    output: outputOf(isSoftmax, !isSoftmax, loss ?? { name: 'own', of: own }),
    describe: () => ['hidden', 'out'].map((name) => describeDense(network, name)),
    with: (view) => look(variables, kind, withView(options, view)),
    withLoss: (other) => network.with({ loss: other }),
    toArtifacts: () => artifactsOf(variables, kind),
    read,
    variable,
    predict,
    gradients(batch, { loss: asked = options.loss && loss!.of } = {}) {
      if (!asked) return ownGradients(variables, batch);
      const held = params.map((param) => ({ param, variable: variable(param.id) }));
      return meanGradients(() => predict(batch.x), { name: 'asked', of: asked }, batch.y, held);
    },
    inputs: ({ x }, id) => inputsOf(variables, x, id),
    write: (id, values) => writeVariable(id, variable(id), values),
    mask: (plan) => maskVariables({ params, groups, variable, read }, plan),
    shrink: async (plan) => look(variablesOf(await keptWeights(network, plan)), kind, options),
    dispose: () => variables.forEach((one) => one.dispose()),
  };
  return network;
}

const describeDense = ({ params, groups, variable }: PrunableModel, name: string) =>
  describeLayer({
    name,
    className: 'Dense',
    outputShape: [null, variable(`${name}/bias`).size],
    params: params.filter(({ id }) => id.startsWith(`${name}/`)),
    groups: groups.filter(({ id }) => id === name),
  });

async function ownGradients(variables: TinyVariables, { x, y }: Batch) {
  const [loss, ...grads] = tf.tidy(() => crossEntropy(variables, x, y));
  try {
    return { loss: (await loss.data())[0], grads: Object.fromEntries(IDS.map((id, i) => [id, grads[i]])) };
  } finally {
    loss.dispose();
  }
}

async function* inputsOf(variables: TinyVariables, x: tf.Tensor, id: string): AsyncGenerator<tf.Tensor2D> {
  if (!id.endsWith('kernel')) throw inputsUnsupported(id, { text: 'it is a bias' });
  const piece = tf.tidy(() => tf.clone(id === 'hidden/kernel' ? x : forward(variables, x).hidden));
  try {
    yield piece as tf.Tensor2D;
  } finally {
    piece.dispose();
  }
}

async function artifactsOf(variables: TinyVariables, output: TinyOutput): Promise<tf.io.ModelArtifacts> {
  const named = IDS.map((name) => ({ name, tensor: variables.get(name) as tf.Tensor }));
  const { data, specs } = await tf.io.encodeWeights(named);
  return { format: FORMAT, modelTopology: { output }, weightSpecs: specs, weightData: data };
}

/** The weights of the hidden units that stay, the pruned ones as zeros. */
async function keptWeights({ params, groups, read }: PrunableModel, plan: Plan): Promise<tf.Tensor[]> {
  const tensors: tf.Tensor[] = [];
  for (const param of params) {
    const [values, bits] = [await read(param.id), await resolveMask(plan, param, groups)];
    tensors.push(tf.tensor(bits ? values.map((v, i) => (isKept(bits, i) ? v : 0)) : values, [...param.shape]));
  }
  const [hiddenKernel, hiddenBias, outKernel, outBias] = tensors;
  const units = Array.from(keptIndices(unitsOf(plan, 'hidden') ?? makeBits(hiddenBias.size)));
  const kept = tf.tidy(() => [
    tf.gather(hiddenKernel, units, 1),
    tf.gather(hiddenBias, units),
    tf.gather(outKernel, units),
    tf.clone(outBias),
  ]);
  tf.dispose(tensors);
  return kept;
}

function weightsOf(variables: TinyVariables): { params: Param[]; groups: Group[] } {
  const params = IDS.map((id): Param => {
    const isKernel = id.endsWith('kernel');
    return {
      ...{ id, shape: variables.get(id)!.shape, inAxis: isKernel ? 0 : -1, role: isKernel ? 'kernel' : 'bias' },
      ...{ uses: 1, trainable: true },
      ...(!isKernel && { skip: { text: 'a bias' } }),
    };
  });
  const group = (id: string, sites: readonly (readonly [param: string, axis: number])[]): Group => {
    const { size } = variables.get(`${id}/bias`)!;
    const unitOf = Int32Array.from({ length: size }, (_, i) => i);
    return { id, size, sites: sites.map(([param, axis]) => ({ param, axis, unitOf })) };
  };
  const hidden = group('hidden', [
    ['hidden/kernel', 1],
    ['hidden/bias', 0],
    ['out/kernel', 0],
  ]);
  const out = group('out', [
    ['out/kernel', 1],
    ['out/bias', 0],
  ]);
  return { params, groups: [hidden, { ...out, skip: { text: 'model output' } }] };
}

function unknownOutput(found: string): InputError {
  const message = `tinyNetwork has no output ${show(found)}; use 'out'`;
  return new InputError('output-unknown', message, { where: 'output', wanted: "'out'", found });
}

function drawWeights(seed: number): TinyWeights {
  const random = seededRandom(seed);
  const draw = (n: number) => Array.from({ length: n }, () => random() * 2 - 1);
  return {
    hiddenKernel: Array.from({ length: 4 }, () => draw(6)),
    hiddenBias: draw(6),
    outKernel: Array.from({ length: 6 }, () => draw(3)),
    outBias: draw(3),
  };
}
