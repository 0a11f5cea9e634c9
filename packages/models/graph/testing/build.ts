import {
  bitsFrom,
  countKept,
  type Group,
  memoryPlan,
  type Plan,
  seededRandom,
  setPruned,
  sizeOf,
} from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { io } from '@tensorflow/tfjs-core';
import type { GraphPrunable } from '../src/index.js';

type Values = readonly number[];

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  readonly values: Values;
}

type Attribute = Record<string, unknown>;

/** Writes GraphDef as the converter does, by hand. */
export class GraphBuilder {
  readonly nodes: { name: string; op: string; input: string[]; attr: Record<string, Attribute> }[] = [];
  readonly weights: Weight[] = [];
  readonly random: () => number;

  constructor(seed = 1) {
    this.random = seededRandom(seed);
  }

  node(op: string, input: string[], attr: Record<string, Attribute> = {}, name = `n${this.nodes.length}`): string {
    this.nodes.push({ name, op, input, attr });
    return name;
  }

  input(shape: readonly number[], name = 'x', dtype = 'DT_FLOAT'): string {
    const dim = shape.map((size) => ({ size: String(size) }));
    return this.node('Placeholder', [], { dtype: { type: dtype }, shape: { shape: { dim } } }, name);
  }

  constant(weight: Omit<Weight, 'name'>, name = `w${this.nodes.length}`): string {
    this.weights.push({ ...weight, name });
    const type = weight.dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT';
    return this.node('Const', [], { dtype: { type } }, name);
  }

  ints(values: Values, shape: readonly number[] = [values.length], name?: string): string {
    return this.constant({ shape, dtype: 'int32', values }, name);
  }

  scalar(value: number): string {
    return this.constant({ shape: [], dtype: 'float32', values: [value] });
  }

  /** Seeded values in [low, high). */
  floats(shape: readonly number[], name?: string, low = -1, high = 1): string {
    const size = sizeOf(shape);
    const values = Array.from({ length: size }, () => low + (high - low) * this.random());
    return this.constant({ shape, dtype: 'float32', values }, name);
  }

  artifacts(outputs?: readonly string[]): io.ModelArtifacts {
    const parts = this.weights.map(({ dtype, values }) =>
      dtype === 'int32' ? new Int32Array(values) : new Float32Array(values),
    );
    const bytes = parts.flatMap((part) => [...new Uint8Array(part.buffer)]);
    return {
      format: 'graph-model',
      modelTopology: { node: this.nodes, versions: { producer: 1, minConsumer: 1 } },
      weightSpecs: this.weights.map(({ name, shape, dtype }) => ({ name, shape: [...shape], dtype })),
      weightData: Uint8Array.from(bytes).buffer,
      ...(outputs && {
        signature: { outputs: Object.fromEntries(outputs.map((name) => [name, { name: `${name}:0` }])) },
      }),
    };
  }
}

export const b64 = (text: string) => ({ s: Buffer.from(text).toString('base64') });
export const list = (values: readonly number[]) => ({ list: { i: values.map(String) } });
export const strings = (values: readonly string[]) => ({ list: { s: values.map((v) => b64(v).s) } });

export const window = (stride = 1, padding = 'SAME') => ({
  strides: list([1, stride, stride, 1]),
  padding: b64(padding),
  dilations: list([1, 1, 1, 1]),
  data_format: b64('NHWC'),
});

/** Removes about `fraction` of the channels of every group that may lose some, one stays in each. */
export function randomUnits(groups: readonly Group[], fraction: number, seed: number): Plan {
  const random = seededRandom(seed);
  const open = groups.filter(({ skip }) => skip === undefined);
  const units = open.map(({ id, size }) => {
    const kept = Math.floor(random() * size);
    const bits = bitsFrom(size, () => true);
    for (let i = 0; i < size; i++) if (i !== kept && random() < fraction) setPruned(bits, i);
    return [id, bits] as const;
  });
  return memoryPlan({ units: Object.fromEntries(units) });
}

/** One sample, or `batch` where that is open, for each input. */
export function inputsFor({ model }: GraphPrunable, seed: number, batch = 2): tf.NamedTensorMap {
  const inputs = model.inputs.map(({ name, shape, dtype }, i) => {
    const sizes = (shape as number[]).map((size) => (size < 0 ? batch : size));
    const x = tf.tidy(() => tf.cast(tf.randomUniform(sizes, 0, 1, 'float32', seed + i), dtype as 'float32'));
    return [name, x] as const;
  });
  return Object.fromEntries(inputs);
}

/**
 * The law: mask(plan) and shrink(plan) are the same network. Gives the largest difference of their outputs as a fraction of
 * the largest output, and how much the mask changed at all.
 */
export async function maskAgainstShrink(model: GraphPrunable, plan: Plan, seed = 1) {
  const x = inputsFor(model, seed);
  const outputs = model.model.outputNodes;
  const run = ({ model: graph }: GraphPrunable) => [graph.execute(x, outputs)].flat();
  const dense = run(model);
  const handle = await model.mask(plan);
  const masked = run(model);
  handle.restore();
  const smaller = await model.shrink(plan);
  const shrunk = run(smaller);
  try {
    const [shapes, expected] = [shrunk, dense].map((list) => list.map(({ shape }) => shape));
    expect(shapes).toEqual(expected);
    expect(smaller.model.outputNodes).toEqual(outputs);
    const difference = await largestDifference(shrunk, masked);
    const moved = await largestDifference(masked, dense);
    return { difference, moved, removed: totalOf(model) - totalOf(smaller) };
  } finally {
    tf.dispose([x, dense, masked, shrunk]);
    smaller.dispose();
  }
}

export const totalOf = ({ params }: GraphPrunable) => params.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

export const removedOf = (plan: Plan) =>
  Object.values(plan.units).reduce((sum, bits) => sum + bits.length - countKept(bits), 0);

async function largestDifference(a: readonly tf.Tensor[], b: readonly tf.Tensor[]): Promise<number> {
  let worst = 0;
  for (const [i, tensor] of a.entries()) {
    const [x, y] = [await tensor.data(), await b[i].data()];
    let [scale, gap] = [0, 0];
    for (const [k, value] of y.entries()) {
      scale = Math.max(scale, Math.abs(value));
      gap = Math.max(gap, Math.abs(value - x[k]));
    }
    worst = Math.max(worst, gap / (scale || 1));
  }
  return worst;
}
