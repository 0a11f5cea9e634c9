import { sizeOf } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type AdapterSubject, onModel, outputOf, readWeights } from './adapter-subject.js';
import { firstDifference, type Law, law } from './law.js';

const signature = law<AdapterSubject>('says the shapes of its input and its output', (subject, claim) =>
  onModel(subject, async (model, { x }) => {
    const { inputs, outputs } = model.signature;
    claim(inputs.length === 1 && outputs.length === 1, () => `${inputs.length} inputs and ${outputs.length} outputs`);
    const y = model.predict(x);
    try {
      for (const [{ name, shape }, tensor] of [
        [inputs[0], x],
        [outputs[0], y],
      ] as const) {
        const isOf = (size: number | null, i: number) =>
          size === null || size === tensor.shape[i] || (i === 0 && tensor.shape[0] % size === 0);
        const fits = shape.length === 0 || (shape.length === tensor.rank && shape.every(isOf));
        claim(fits, () => `'${name}' is said to be [${shape.map((n) => n ?? '?')}] and is [${tensor.shape}]`);
      }
      const [{ name, dtype }] = outputs;
      claim(dtype === y.dtype, () => `'${name}' is said to be ${dtype} and is ${y.dtype}`);
    } finally {
      y.dispose();
    }
    claim(
      Array.isArray(model.notes) && Array.isArray(model.foreign),
      () => 'it has no list of notes, or of operations',
    );
  }),
);

const describes = law<AdapterSubject>('describes its layers, each weight in one of them', (subject, claim) =>
  onModel(subject, async (model) => {
    const rows = model.describe();
    const names = rows.map(({ name }) => name);
    claim(new Set(names).size === names.length, () => `names are not unique: ${names.join(', ')}`);
    const total = model.params.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const told = rows.reduce((sum, { params }) => sum + params, 0);
    claim(told === total, () => `its layers have ${told} weights, the model has ${total}`);
    const open = model.params.filter(({ role, skip }) => role === 'kernel' && skip === undefined).map(({ id }) => id);
    const listed = rows.flatMap(({ prunable }) => prunable);
    claim(
      [...listed].sort().join() === [...open].sort().join(),
      () => `it may prune ${open}, its layers say ${listed}`,
    );
    for (const { name, prunable, reason } of rows)
      claim(prunable.length > 0 || reason !== undefined, () => `'${name}' does not say why nothing of it is pruned`);
  }),
);

const artifactsLaw = law<AdapterSubject>('is the same model when files have held it', (subject, claim) =>
  onModel(subject, async (model, { x }) => {
    // Not the weights that it was made with.
    const { id, shape } = model.params[0];
    model.write(
      id,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i)),
    );
    const before = tf.memory().numTensors;
    const artifacts = await model.toArtifacts();
    claim(tf.memory().numTensors === before, () => `${tf.memory().numTensors - before} tensors more than before`);
    const specs = new Map((artifacts.weightSpecs ?? []).map((spec) => [spec.name, spec]));
    for (const param of model.params) {
      const found = specs.get(param.id)?.shape;
      claim(String(found) === String(param.shape), () => `'${param.id}' is [${param.shape}], in the file [${found}]`);
    }
    const again = await subject.open(artifacts);
    try {
      for (const [param, values] of await readWeights(model)) {
        const at = firstDifference(values, await again.read(param));
        claim(at < 0, () => `'${param}' differs at index ${at}`);
      }
      const at = firstDifference(await outputOf(model, x), await outputOf(again, x));
      claim(at < 0, () => `output ${at} differs`);
    } finally {
      again.dispose();
    }
  }),
);

export const FILE_LAWS: readonly Law<AdapterSubject>[] = [signature, describes, artifactsLaw];
