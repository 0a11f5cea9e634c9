import { type Batch, type Bits, bitsFrom, memoryPlan, type Plan, type PrunableModel, sizeOf } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';

/** An adapter, as the model that it gives, and data for it. */
export interface AdapterSubject {
  /** The adapted model, anew and with the same weights each time; the suite disposes it. */
  make(): PrunableModel | Promise<PrunableModel>;
  /** A batch of at least two samples that fits the model; the suite disposes it. */
  batch(): Batch;
  /** A model from what `toArtifacts()` gave, as the kind opens files; the suite disposes it. */
  open(artifacts: tf.io.ModelArtifacts): PrunableModel | Promise<PrunableModel>;
}

/** Runs `body` on a fresh model and a batch, and frees both. */
export async function onModel<T>(
  { make, batch }: Pick<AdapterSubject, 'make' | 'batch'>,
  body: (model: PrunableModel, batch: Batch) => Promise<T>,
): Promise<T> {
  const model = await make();
  const data = batch();
  try {
    return await body(model, data);
  } finally {
    tf.dispose([data.x, data.y]);
    model.dispose();
  }
}

/** Prunes every second weight of every kernel that may be pruned. */
export function everySecondWeight({ params }: PrunableModel): Plan {
  const masks: Record<string, Bits> = {};
  for (const { id, role, shape, skip } of params)
    if (role === 'kernel' && skip === undefined) masks[id] = bitsFrom(sizeOf(shape), (i) => i % 2 === 0);
  return memoryPlan({ masks });
}

/** Removes every second channel of every group that may be pruned; undefined where there is none. */
export function everySecondUnit({ groups }: PrunableModel): Plan | undefined {
  const open = groups.filter(({ skip, size }) => skip === undefined && size > 1);
  if (open.length === 0) return undefined;
  return memoryPlan({
    units: Object.fromEntries(open.map(({ id, size }) => [id, bitsFrom(size, (i) => i % 2 === 0)])),
  });
}

export async function readWeights(model: PrunableModel): Promise<Map<string, Float32Array>> {
  const all = new Map<string, Float32Array>();
  for (const { id } of model.params) all.set(id, await model.read(id));
  return all;
}

/** Replaces a weight's values. */
export function write(model: PrunableModel, id: string, values: Float32Array): void {
  const variable = model.variable(id);
  tf.tidy(() => void variable.assign(tf.tensor(values, variable.shape)));
}

export async function outputOf(model: PrunableModel, x: tf.Tensor): Promise<Float32Array> {
  const output = model.predict(x);
  try {
    return (await output.data<'float32'>()).slice();
  } finally {
    output.dispose();
  }
}
