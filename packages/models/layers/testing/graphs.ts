import { type Random, seededRandom } from '@espalier/core';
import * as tfl from '@tensorflow/tfjs-layers';
import { Doubling, L, type Layer, seeded, type Symbolic } from './build.js';
import {
  ACTIVATIONS,
  apply,
  below,
  channelsOf,
  common,
  type Draft,
  type Op,
  pick,
  project,
  remember,
  width,
} from './draft.js';
import { images } from './layer-images.js';

const anyRank: Record<string, Op> = {
  dense: (d, x) => apply(remember(d, L.dense({ units: width(d.random), ...common(d.random) }), x), x),
  activation: ({ random }, x) => apply(L.activation({ activation: pick(random, ACTIVATIONS) as 'relu' }), x),
  advanced: ({ random }, x) => {
    const layers = [() => L.leakyReLU(), () => L.elu(), () => L.thresholdedReLU({ theta: 0.1 })];
    return apply(pick(random, layers)(), x);
  },
  dropout: (_, x) => apply(L.dropout({ rate: 0.5 }), x),
  noise: (_, x) => apply(L.gaussianNoise({ stddev: 1 }), x),
  batchNorm: (d, x) => {
    const [center, scale] = [d.random() < 0.7, d.random() < 0.7];
    return apply(remember(d, L.batchNormalization({ center, scale }), x), x);
  },
  layerNorm: (_, x) => apply(L.layerNormalization({}), x),
  prelu: ({ random }, x) => {
    const places = x.shape.slice(1, -1).map((_, i) => i + 1);
    return apply(L.prelu({ sharedAxes: random() < 0.7 && places.length > 0 ? places : undefined } as never), x);
  },
  softmax: (_, x) => apply(L.softmax({ axis: -1 }), x),
  unknown: (_, x) => apply(new Doubling({}), x),
  merge: ({ random, tensors }, x) => {
    const same = tensors.filter(({ shape }) => String(shape) === String(x.shape));
    const others = Array.from({ length: 1 + below(random, 2) }, () =>
      random() < 0.5 ? pick(random, same) : project(pick(random, same), channelsOf(x)),
    );
    if (new Set([x, ...others]).size <= others.length) return undefined;
    const make = pick(random, [L.add, L.multiply, L.average, L.maximum, L.minimum] as (() => Layer)[]);
    return apply(make(), [x, ...others]);
  },
  concat: ({ random, tensors }, x) => {
    const fit = tensors.filter(
      ({ shape }) => shape.length === x.shape.length && String(shape.slice(0, -1)) === String(x.shape.slice(0, -1)),
    );
    const all = [x, ...Array.from({ length: 1 + below(random, 2) }, () => pick(random, fit))];
    return new Set(all).size < all.length ? undefined : apply(L.concatenate(), all);
  },
  /** Two producers side by side, added to one. */
  concatAdd: ({ random }, x) => {
    const [a, b] = [width(random), width(random)];
    const both = apply(L.concatenate(), [project(x, a), project(x, b)]);
    return apply(L.add(), [both, project(x, a + b)]);
  },
  /** The same two, the other way round: units within one producer are tied. */
  crossAdd: ({ random }, x) => {
    const [a, b] = [project(x, width(random)), project(x, width(random))];
    return apply(L.add(), [apply(L.concatenate(), [a, b]), apply(L.concatenate(), [b, a])]);
  },
  residual: ({ random }, x) => {
    const inner = apply(L.dense({ units: width(random), ...common(random) }), x);
    return apply(L.add(), [x, project(inner, channelsOf(x))]);
  },
  /** A layer that is there already, on another tensor of the shape that it takes. */
  again: ({ random, reusable, tensors }) => {
    if (reusable.length === 0) return undefined;
    const { layer, shape } = pick(random, reusable);
    return apply(
      layer,
      pick(
        random,
        tensors.filter((tensor) => String(tensor.shape) === shape),
      ),
    );
  },
  /** One layer on two tensors, compared. */
  twins: ({ random }, x) => {
    const shared = L.dense({ units: width(random), ...common(random) });
    const [a, b] = [x, project(x, channelsOf(x))].map((side) => apply(shared, side));
    return apply(pick(random, [L.add, L.multiply, L.concatenate] as (() => Layer)[])(), [a, b]);
  },
  nested: ({ random }, x) => nest(random, x),
  split: ({ random }, x) => {
    const c = channelsOf(x);
    if (c % 2 > 0) return undefined;
    const target = [
      ...x.shape.slice(1, -1),
      ...pick(random, [
        [2, c / 2],
        [c / 2, 2],
      ]),
    ] as number[];
    const parts = apply(L.reshape({ targetShape: target }), x);
    return apply(L.reshape({ targetShape: x.shape.slice(1) as number[] }), parts);
  },
  /** The shuffle of grouped convolutions. */
  shuffle: (_, x) => {
    const c = channelsOf(x);
    if (c % 2 > 0) return undefined;
    const places = x.shape.slice(1, -1) as number[];
    const parts = apply(L.reshape({ targetShape: [...places, 2, c / 2] }), x);
    const k = places.length;
    const dims = [...places.map((_, i) => i + 1), k + 2, k + 1];
    return apply(L.reshape({ targetShape: [...places, c] }), apply(L.permute({ dims }), parts));
  },
};

/** tfjs-core alone cannot draw orthogonal matrices, the default of recurrent kernels. */
const rnn = (random: Random) => ({
  units: 2 + below(random, 3),
  recurrentInitializer: 'zeros' as const,
  useBias: random() < 0.7,
});
const cells = [L.simpleRNN, L.gru, L.lstm] as ((args: object) => Layer)[];
const sequences: Record<string, Op> = {
  conv: ({ random }, x) =>
    apply(L.conv1d({ filters: width(random), kernelSize: 2, padding: 'same', ...common(random) }), x),
  recurrent: ({ random }, x) => apply(pick(random, cells)({ ...rnn(random), returnSequences: random() < 0.6 }), x),
  bidirectional: ({ random }, x) => {
    const layer = pick(random, cells)({ ...rnn(random), returnSequences: random() < 0.6 }) as tfl.RNN;
    return apply(L.bidirectional({ layer, mergeMode: pick(random, ['concat', 'sum', 'ave', 'mul']) }), x);
  },
  timeDense: ({ random }, x) =>
    apply(L.timeDistributed({ layer: L.dense({ units: width(random), ...common(random) }) }), x),
  maxPool: (_, x) => apply(L.maxPooling1d({ poolSize: 2, strides: 1, padding: 'same' }), x),
  averagePool: (_, x) => apply(L.averagePooling1d({ poolSize: 2, strides: 1, padding: 'same' }), x),
  globalAverage: (_, x) => apply(L.globalAveragePooling1d(), x),
  globalMax: (_, x) => apply(L.globalMaxPooling1d(), x),
  flatten: (_, x) => apply(L.flatten(), x),
  spatialDropout: (_, x) => apply(L.spatialDropout1d({ rate: 0.5 }), x),
};

const vectors: Record<string, Op> = {
  repeat: ({ random }, x) => apply(L.repeatVector({ n: 2 + below(random, 2) }), x),
  image: (_, x) => apply(L.reshape({ targetShape: [1, 1, channelsOf(x)] }), x),
  unfold: (_, x) => (channelsOf(x) % 4 ? undefined : apply(L.reshape({ targetShape: [2, 2, channelsOf(x) / 4] }), x)),
};

function nest(random: Random, x: Symbolic): Symbolic {
  const shape = x.shape.slice(1) as number[];
  const c = channelsOf(x);
  const hidden = L.dense({ units: width(random), activation: 'relu', inputShape: shape });
  if (random() < 0.5) {
    const model = tfl.sequential({ layers: [hidden, L.batchNormalization({}), L.dense({ units: c })] });
    const once = apply(model, x);
    return random() < 0.5 ? once : apply(model, once);
  }
  const input = tfl.input({ shape });
  const inner = apply(L.batchNormalization({}), apply(hidden, input));
  const sum = apply(L.add(), [input, apply(L.dense({ units: c }), inner)]);
  const model = tfl.model({ inputs: input, outputs: random() < 0.5 ? sum : [sum, inner] });
  const out = [model.apply(x)].flat() as Symbolic[];
  return random() < 0.5 && out.length === 1 ? apply(model, out[0]) : pick(random, out);
}

const KINDS: Readonly<Record<number, Record<string, Op>>> = { 2: vectors, 3: sequences, 4: images };
/** What ends the pruning of all it touches comes seldom. */
const SELDOM = ['unknown', 'softmax', 'layerNorm'];
const LARGEST = 400;

/** Names of inputs must not repeat. */
let unique = 0;

/** A network of up to `most` steps drawn at random from all ops that channels can be followed through, and a few others. */
export function randomGraph(seed: number, most = 12): { model: tfl.LayersModel; used: ReadonlySet<string> } {
  const random = seededRandom(seed);
  const kind = below(random, 4);
  const inputs = [tfl.input({ shape: kind === 0 ? [5, 2 + below(random, 3)] : [5, 5, 2 + below(random, 3)] })];
  const draft: Draft = { tensors: [...inputs], random, reusable: [], used: new Set() };
  if (kind === 1) {
    const tokens = tfl.input({ shape: [4], name: `tokens_${seed}_${unique++}` });
    inputs.push(tokens);
    const looked = apply(L.embedding({ inputDim: 6, outputDim: 2 + below(random, 4) }), tokens);
    draft.used.add('embedding');
    draft.tensors.push(looked);
  }
  const steps = 3 + below(random, most - 2);
  for (let step = 0; step < steps; step++) {
    const { tensors } = draft;
    // Mostly the newest, so that networks grow long; sometimes an older one, so that they fork.
    const x = random() < 0.7 ? tensors[tensors.length - 1] : pick(random, tensors);
    const ops = Object.entries({ ...anyRank, ...KINDS[x.shape.length] });
    const [name, op] = pick(random, ops);
    if (SELDOM.includes(name) && random() < 0.7) continue;
    const out = op(draft, x);
    if (!out || out.shape.slice(1).reduce<number>((a, b) => a * b!, 1) > LARGEST) continue;
    draft.used.add(name);
    tensors.push(out);
  }
  const ends = [draft.tensors[draft.tensors.length - 1]];
  if (random() < 0.3) ends.push(pick(random, draft.tensors));
  if (inputs.length > 1) ends.push(draft.tensors.find(({ shape }) => shape.length === 3) ?? ends[0]);
  const outputs = ends.map((end, i) => {
    const flat = end.shape.length > 2 && random() < 0.5 ? apply(L.flatten(), end) : end;
    return i > 0 && random() < 0.2 && !inputs.includes(flat) ? flat : apply(L.dense({ units: 2 }), flat);
  });
  const model = tfl.model({ inputs: reached(inputs, outputs), outputs });
  return { model: seeded(model, seed + 1), used: draft.used };
}

/** TensorFlow.js takes no inputs that nothing leads from. */
function reached(inputs: readonly Symbolic[], outputs: readonly Symbolic[]): Symbolic[] {
  const seen = new Set<Symbolic>();
  const visit = (tensor: Symbolic) => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    for (const before of tensor.inputs) visit(before);
  };
  outputs.forEach(visit);
  return inputs.filter((input) => seen.has(input));
}
