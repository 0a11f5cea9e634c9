import { bitsFrom, isEspalierError, isInputsUnsupported, memoryPlan, sizeOf } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type AdapterSubject, everySecondUnit, onModel, outputOf, readWeights } from './adapter-subject.js';
import { firstDifference, type Law, law, LawError, rejection } from './law.js';

const paramsLaw = law<AdapterSubject>('lists each weight once, with its shape', (subject, claim) =>
  onModel(subject, async (model) => {
    claim(model.params.length > 0, () => 'the model has no parameters');
    const ids = model.params.map((p) => p.id);
    const twice = ids.find((id, i) => ids.indexOf(id) !== i);
    claim(twice === undefined, () => `'${twice}' is listed twice`);
    for (const { id, shape, inAxis } of model.params) {
      const variable = model.variable(id);
      claim(String(variable.shape) === String(shape), () => `'${id}' is [${shape}], its variable [${variable.shape}]`);
      claim(inAxis >= -1 && inAxis < shape.length, () => `'${id}' has no axis ${inAxis}`);
      const values = await model.read(id);
      claim(values.length === sizeOf(shape), () => `'${id}' reads ${values.length} values, wanted ${sizeOf(shape)}`);
      const at = firstDifference(values, Float32Array.from(await variable.data()));
      claim(at < 0, () => `'${id}' reads other values than its variable at index ${at}`);
    }
  }),
);

const groupsLaw = law<AdapterSubject>('has groups whose sites exist and use every unit', (subject, claim) =>
  onModel(subject, async (model) => {
    const ids = model.groups.map((g) => g.id);
    claim(new Set(ids).size === ids.length, () => `group ids are not unique: ${ids.join(', ')}`);
    for (const { id, size, sites } of model.groups) {
      const used = new Set<number>();
      for (const { param, axis, unitOf } of sites) {
        const shape = model.params.find((p) => p.id === param)?.shape;
        claim(shape !== undefined, () => `'${id}' has a site on '${param}', which is no parameter`);
        claim(axis >= 0 && axis < shape!.length, () => `'${id}': '${param}' has no axis ${axis}`);
        claim(unitOf.length === shape![axis], () => `'${id}': unitOf has ${unitOf.length} of ${shape![axis]} slices`);
        for (const unit of unitOf) {
          claim(unit >= -1 && unit < size, () => `'${id}': '${param}' names unit ${unit} of ${size}`);
          used.add(unit);
        }
      }
      used.delete(-1);
      claim(used.size === size, () => `'${id}' has ${size} units, its sites use ${used.size}`);
    }
  }),
);

const readsCopies = law<AdapterSubject>('reads copies', (subject, claim) =>
  onModel(subject, async (model) => {
    for (const { id } of model.params) {
      const first = await model.read(id);
      const before = first.slice();
      first.fill(-12345);
      claim(firstDifference(before, await model.read(id)) < 0, () => `writing into a copy of '${id}' changed it`);
    }
  }),
);

const unknownParam = law<AdapterSubject>('rejects a parameter that it does not have', (subject, claim) =>
  onModel(subject, async (model) => {
    const error = await rejection(() => model.read('no such parameter'));
    claim(error !== undefined, () => 'it read one');
  }),
);

const predicts = law<AdapterSubject>('predicts the same each time and leaks nothing', (subject, claim) =>
  onModel(subject, async (model, { x }) => {
    // The first call may build what later ones reuse.
    const first = await outputOf(model, x);
    claim(!x.isDisposed, () => 'it disposed its input');
    const before = tf.memory().numTensors;
    const second = await outputOf(model, x);
    claim(tf.memory().numTensors === before, () => `${tf.memory().numTensors - before} tensors more than before`);
    const at = firstDifference(first, second);
    claim(at < 0, () => `output ${at} is ${first[at]}, then ${second[at]}`);
  }),
);

const shrinks = law<AdapterSubject>('shrinks to what masking computes', (subject, claim) =>
  onModel(subject, async (model, { x }) => {
    const plan = everySecondUnit(model);
    if (!plan) return;
    const before = await readWeights(model);
    const smaller = await model.shrink(plan);
    try {
      const total = (m: typeof model) => m.params.reduce((sum, p) => sum + sizeOf(p.shape), 0);
      claim(total(smaller) < total(model), () => `${total(smaller)} weights, as many as before`);
      for (const [id, values] of before)
        claim(firstDifference(values, await model.read(id)) < 0, () => `it changed '${id}' of the model it was given`);
      const handle = await model.mask(plan);
      const [masked, shrunk] = [await outputOf(model, x), await outputOf(smaller, x)];
      handle.restore();
      claim(masked.length === shrunk.length, () => `${shrunk.length} outputs, wanted ${masked.length}`);
      const scale = masked.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
      const gap = masked.reduce((max, v, i) => Math.max(max, Math.abs(v - shrunk[i])), 0);
      claim(gap <= 1e-5 * scale, () => `outputs differ by ${gap} where the largest is ${scale}`);
    } finally {
      smaller.dispose();
    }
  }),
);

const replays = law<AdapterSubject>('makes the same smaller model of another copy', (subject, claim) =>
  onModel(subject, (model) =>
    onModel(subject, async (copy) => {
      const plan = everySecondUnit(model);
      if (!plan) return;
      const [one, two] = [await model.shrink(plan), await copy.shrink(plan)];
      try {
        const others = await readWeights(two);
        for (const [id, values] of await readWeights(one)) {
          const at = firstDifference(values, others.get(id) ?? new Float32Array(0));
          claim(at < 0, () => `'${id}' differs at index ${at}`);
        }
        for (const { param, axis, size, removed } of one.history?.at(-1)?.removals ?? []) {
          const left = one.params.find(({ id }) => id === param)?.shape[axis];
          const wanted = size - removed.length;
          claim(left === wanted, () => `axis ${axis} of '${param}' has ${left} entries, its history says ${wanted}`);
        }
      } finally {
        one.dispose();
        two.dispose();
      }
    }),
  ),
);

const refusesMisfit = law<AdapterSubject>('refuses a plan that does not fit, and changes nothing', (subject, claim) =>
  onModel(subject, async (model) => {
    const before = await readWeights(model);
    const { id, shape } = model.params[0];
    const plan = memoryPlan({ masks: { [id]: bitsFrom(sizeOf(shape) + 1, () => false) } });
    const error = await rejection(() => model.mask(plan));
    claim(isEspalierError(error), () => `wanted an error of @espalier/core, got ${String(error)}`);
    for (const [param, values] of before)
      claim(firstDifference(values, await model.read(param)) < 0, () => `it changed '${param}'`);
  }),
);

const writes = law<AdapterSubject>('writes values, and refuses another number of them', (subject, claim) =>
  onModel(subject, async (model) => {
    for (const { id, shape } of model.params) {
      const before = tf.memory().numTensors;
      const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => i + 0.5);
      model.write(id, values);
      claim(tf.memory().numTensors === before, () => `writing '${id}' leaks`);
      const at = firstDifference(values, await model.read(id));
      claim(at < 0, () => `'${id}' reads something else at index ${at}`);
      const error = await rejection(async () => model.write(id, new Float32Array(values.length + 1)));
      claim(isEspalierError(error), () => `'${id}': wanted an error of @espalier/core, got ${String(error)}`);
    }
  }),
);

const inputsLaw = law<AdapterSubject>(
  'gives the inputs of its kernels in rows, or says that it does not',
  (subject, claim) =>
    onModel(subject, async (model, batch) => {
      for (const { id, shape, role, skip } of model.params) {
        const before = tf.memory().numTensors;
        const width = sizeOf(shape.slice(0, -1));
        let rows = 0;
        const error = await rejection(async () => {
          for await (const piece of model.inputs(batch, id)) {
            rows += piece.shape[0];
            claim(
              piece.rank === 2 && piece.shape[1] === width,
              () => `'${id}': [${piece.shape}], wanted [rows, ${width}]`,
            );
          }
        });
        claim(tf.memory().numTensors === before, () => `the inputs of '${id}' leak`);
        if (error instanceof LawError) throw error;
        claim(error === undefined || isInputsUnsupported(error), () => `'${id}': it threw ${String(error)}`);
        if (error === undefined && role === 'kernel' && skip === undefined)
          claim(
            rows > 0 && rows % batch.x.shape[0] === 0,
            () => `'${id}': ${rows} rows of ${batch.x.shape[0]} samples`,
          );
      }
    }),
);

const disposes = law<AdapterSubject>('frees everything when it is disposed', async (subject, claim) => {
  const run = () =>
    onModel(subject, async (model, batch) => {
      await outputOf(model, batch.x);
      const { grads } = await model.gradients(batch);
      tf.dispose(grads);
      const plan = everySecondUnit(model);
      if (!plan) return;
      const smaller = await model.shrink(plan);
      smaller.dispose();
      await model.mask(plan);
    });
  // The first run may load kernels that stay.
  await run();
  const before = tf.memory().numTensors;
  await run();
  claim(tf.memory().numTensors === before, () => `${tf.memory().numTensors - before} tensors are left`);
});

export const MODEL_LAWS: readonly Law<AdapterSubject>[] = [
  paramsLaw,
  groupsLaw,
  readsCopies,
  unknownParam,
  predicts,
  shrinks,
  replays,
  refusesMisfit,
  writes,
  inputsLaw,
  disposes,
];
