import {
  type Group,
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
  unitsOf,
} from '@espalier/core';
import { writeVariable } from '@espalier/adapter-kit';
import { describeLayer, leaveAlone } from '@espalier/adapter-kit';
import * as tf from '@tensorflow/tfjs-core';
import { maskVariables } from './mask-variables.js';

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
  readonly output?: Extract<Output, 'probabilities' | 'logits'>;
}

export const TINY_DEFAULTS = { seed: 1, output: 'probabilities' } as const;

const IDS = ['hidden/kernel', 'hidden/bias', 'out/kernel', 'out/bias'] as const;

/**
 * The smallest whole PrunableModel, for testing plug-ins without an adapter: softmax(tanh(x·W₁ + b₁)·W₂ + b₂) under mean
 * cross-entropy, with the gradients written out. The hidden units form the group 'hidden', the classes the protected
 * group 'out'. Needs a backend, no registered gradients. The caller disposes it.
 */
export function tinyNetwork(options: TinyOptions = {}): PrunableModel {
  const { seed, output, weights = drawWeights(seed) } = { ...TINY_DEFAULTS, ...options };
  const variables = new Map<string, tf.Variable>(
    [weights.hiddenKernel, weights.hiddenBias, weights.outKernel, weights.outBias].map((values, i) => [
      IDS[i],
      tf.tidy(() => tf.variable(tf.tensor(values as number[] | number[][], undefined, 'float32'))),
    ]),
  );
  const variable = (id: string): tf.Variable => {
    const found = variables.get(id);
    if (!found) throw new RangeError(`tinyNetwork has no parameter '${id}'`);
    return found;
  };
  const params = IDS.map((id): Param => {
    const kernel = id.endsWith('kernel');
    const { shape } = variable(id);
    return {
      id,
      shape,
      inAxis: kernel ? 0 : -1,
      role: kernel ? 'kernel' : 'bias',
      uses: 1,
      trainable: true,
      ...(!kernel && { skip: 'a bias' }),
    };
  });
  const groups = [
    groupOf('hidden', weights.hiddenBias.length, [
      ['hidden/kernel', 1],
      ['hidden/bias', 0],
      ['out/kernel', 0],
    ]),
    {
      ...groupOf('out', weights.outBias.length, [
        ['out/kernel', 1],
        ['out/bias', 0],
      ]),
      skip: 'model output',
    },
  ];

  const forward = (x: tf.Tensor) => {
    const [w1, b1, w2, b2] = IDS.map(variable);
    const hidden = tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, w1 as tf.Tensor2D), b1));
    return { hidden, logits: tf.add(tf.matMul(hidden as tf.Tensor2D, w2 as tf.Tensor2D), b2) };
  };
  const read = async (id: string) => (await variable(id).data<'float32'>()).slice();
  const port = (name: string, size: number) => ({ name, shape: [null, size], dtype: 'float32' });
  const network: PrunableModel = {
    model: undefined,
    signature: {
      inputs: [port('x', variable('hidden/kernel').shape[0])],
      outputs: [port('out', weights.outBias.length)],
    },
    notes: [],
    foreign: [],
    params,
    groups,
    output,
    describe: () =>
      ['hidden', 'out'].map((name) =>
        describeLayer({
          name,
          className: 'Dense',
          outputShape: [null, variable(`${name}/bias`).size],
          params: network.params.filter(({ id }) => id.startsWith(`${name}/`)),
          groups: network.groups.filter(({ id }) => id === name),
        }),
      ),
    with: ({ leaveAlone: spared }) => ({ ...network, ...leaveAlone(network, spared) }) as PrunableModel,
    withLoss: () => network,
    async toArtifacts() {
      const named = IDS.map((name) => ({ name, tensor: variable(name) as tf.Tensor }));
      const { data, specs } = await tf.io.encodeWeights(named);
      return { modelTopology: { class_name: 'TinyNetwork' }, weightSpecs: specs, weightData: data };
    },
    read,
    variable,
    predict: (x) =>
      tf.tidy(() => {
        const { logits } = forward(x);
        return output === 'logits' ? logits : tf.softmax(logits);
      }),
    async gradients({ x, y }) {
      const [loss, ...grads] = tf.tidy(() => {
        const { hidden, logits } = forward(x);
        const shifted = tf.sub(logits, tf.max(logits, -1, true));
        const logP = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
        // Targets that do not sum to 1 scale the softmax: d loss / d logits = (p·Σy − y) / n.
        const dOut = tf.div(tf.sub(tf.mul(tf.exp(logP), tf.sum(y, -1, true)), y), x.shape[0]) as tf.Tensor2D;
        const back = tf.matMul(dOut, variable('out/kernel') as tf.Tensor2D, false, true);
        const dHidden = tf.mul(back, tf.sub(1, tf.square(hidden))) as tf.Tensor2D;
        return [
          tf.neg(tf.div(tf.sum(tf.mul(y, logP)), x.shape[0])),
          tf.matMul(x as tf.Tensor2D, dHidden, true),
          tf.sum(dHidden, 0),
          tf.matMul(hidden as tf.Tensor2D, dOut, true),
          tf.sum(dOut, 0),
        ];
      });
      try {
        return { loss: (await loss.data())[0], grads: Object.fromEntries(IDS.map((id, i) => [id, grads[i]])) };
      } finally {
        loss.dispose();
      }
    },
    async *inputs({ x }, id) {
      if (!id.endsWith('kernel')) throw inputsUnsupported(id, 'it is a bias');
      const piece = tf.tidy(() => (id === 'hidden/kernel' ? tf.clone(x) : tf.clone(forward(x).hidden)));
      try {
        yield piece as tf.Tensor2D;
      } finally {
        piece.dispose();
      }
    },
    write: (id, values) => writeVariable(id, variable(id), values),
    mask: (plan) => maskVariables({ params, groups, variable, read }, plan),
    async shrink(plan) {
      const values = await Promise.all(params.map((param) => maskedValues(plan, param)));
      const units = keptIndices(unitsOf(plan, 'hidden') ?? makeBits(weights.hiddenBias.length));
      const classes = weights.outBias.length;
      const rows = (flat: Float32Array, width: number, columns: ArrayLike<number>) =>
        Array.from({ length: flat.length / width }, (_, r) => Array.from(columns, (c) => flat[r * width + c]));
      const all = Int32Array.from({ length: classes }, (_, i) => i);
      const outRows = rows(values[2], classes, all);
      return tinyNetwork({
        output,
        weights: {
          hiddenKernel: rows(values[0], weights.hiddenBias.length, units),
          hiddenBias: Array.from(units, (u) => values[1][u]),
          outKernel: Array.from(units, (u) => outRows[u]),
          outBias: Array.from(values[3]),
        },
      });
    },
    dispose: () => variables.forEach((v) => v.dispose()),
  };
  return network;

  async function maskedValues(plan: Plan, param: Param): Promise<Float32Array> {
    const [values, bits] = [await read(param.id), await resolveMask(plan, param, groups)];
    return bits ? values.map((v, i) => (isKept(bits, i) ? v : 0)) : values;
  }
}

function groupOf(id: string, size: number, sites: readonly (readonly [param: string, axis: number])[]): Group {
  const unitOf = Int32Array.from({ length: size }, (_, i) => i);
  return { id, size, sites: sites.map(([param, axis]) => ({ param, axis, unitOf })) };
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
