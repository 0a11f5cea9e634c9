import { isEspalierError, type LossFunction, type Plan, type PrunableModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import {
  type AdapterSubject,
  everySecondUnit,
  everySecondWeight,
  onModel,
  outputOf,
  readWeights,
} from './adapter-subject.js';
import { firstDifference, type Law, law, rejection } from './law.js';

/** A loss that is nobody's own: the sum of squared differences. */
const squares: LossFunction = (y, output) => tf.sum(tf.square(tf.sub(output, y)), -1);

const lossOf = async (model: PrunableModel, batch: Parameters<PrunableModel['gradients']>[0]): Promise<number> => {
  const { loss, grads } = await model.gradients(batch);
  tf.dispose(grads);
  return loss;
};

const lossLaw = law<AdapterSubject>('is the same model under another loss', (subject, claim) =>
  onModel(subject, async (model, batch) => {
    const own = await lossOf(model, batch);
    const before = tf.memory().numTensors;
    const seen = model.withLoss(squares);
    claim(tf.memory().numTensors === before, () => `${tf.memory().numTensors - before} tensors more than before`);
    for (const { id } of model.params)
      claim(seen.variable(id) === model.variable(id), () => `'${id}' is another variable`);
    const mean = tf.tidy(() => tf.mean(squares(batch.y, model.predict(batch.x))));
    const [[wanted], found] = [await mean.data(), await lossOf(seen, batch)];
    mean.dispose();
    claim(Math.abs(found - wanted) <= 1e-4 * Math.abs(wanted), () => `a loss of ${found}, its mean is ${wanted}`);
    const after = await lossOf(model, batch);
    claim(after === own, () => `its own loss was ${own} and is ${after}`);
    const handle = await seen.mask(everySecondWeight(model));
    for (const [id, values] of await readWeights(seen))
      claim(firstDifference(values, await model.read(id)) < 0, () => `a mask on the one does not show in '${id}'`);
    handle.restore();
  }),
);

const ends = law<AdapterSubject>('ends together with what is the same model', async (subject, claim) => {
  const run = () =>
    onModel(subject, async (model) => {
      const seen = model.withLoss(squares);
      await seen.mask(everySecondWeight(seen));
      const [{ id }] = model.params;
      const variable = model.variable(id);
      seen.dispose();
      claim(variable.isDisposed, () => `'${id}' is still there`);
    });
  // The first run may load kernels that stay.
  await run();
  const before = tf.memory().numTensors;
  await run();
  claim(tf.memory().numTensors === before, () => `${tf.memory().numTensors - before} tensors are left`);
});

const leavesAlone = law<AdapterSubject>('leaves alone what it is told to, from then on', (subject, claim) =>
  onModel(subject, async (model) => {
    const why = 'the law says so';
    const [first, second = first] = model.params.filter(
      ({ role, skip }) => role === 'kernel' && skip?.text === undefined,
    );
    const isOpen = ({ groups }: PrunableModel, param: string) =>
      groups.find(({ sites, skip }) => skip?.text === undefined && sites.some((site) => site.param === param));
    const check = (seen: PrunableModel, id: string) => {
      const skip = seen.params.find((param) => param.id === id)?.skip;
      claim(
        skip?.text === why,
        () => `'${id}' says ${skip === undefined ? 'nothing' : `'${skip.text}'`}, wanted '${why}'`,
      );
      claim(!isOpen(seen, id), () => `the channels of '${isOpen(seen, id)!.id}' run through '${id}' and may go`);
    };
    const seen = model.with({ leaveAlone: { [first.id]: why } });
    const later = seen.withLoss(squares).with({ leaveAlone: { [second.id]: why } });
    for (const view of [seen, seen.withLoss(squares), later]) check(view, first.id);
    check(later, second.id);
    const plan: Plan | undefined = everySecondUnit(seen);
    const smaller = plan && (await seen.shrink(plan));
    if (smaller) check(smaller, first.id);
    smaller?.dispose();
    claim(
      model.params.find(({ id }) => id === first.id)!.skip?.text === undefined,
      () => 'the model itself has changed',
    );
    const error = await rejection(async () => model.with({ leaveAlone: { 'no such parameter': why } }));
    claim(isEspalierError(error), () => `it took a parameter that it does not have: ${String(error)}`);
  }),
);

const inputShapes = law<AdapterSubject>('knows its arithmetic where the input is known', (subject, claim) =>
  onModel(subject, async (model, { x }) => {
    const before = tf.memory().numTensors;
    const seen = model.with({ inputShape: x.shape });
    claim(tf.memory().numTensors === before, () => `${tf.memory().numTensors - before} tensors more than before`);
    for (const { id, role, skip, uses } of seen.params)
      claim(
        role !== 'kernel' || skip !== undefined || uses !== null,
        () => `'${id}' is used an unknown number of times`,
      );
    const error = await rejection(async () => model.with({ inputShape: [...x.shape, 1] }));
    claim(isEspalierError(error), () => `it took [${x.shape}, 1] for its input: ${String(error)}`);
  }),
);

const outputs = law<AdapterSubject>('gives the output that is named', (subject, claim) =>
  onModel(subject, async (model, { x }) => {
    const [{ name }] = model.signature.outputs;
    const [own, named] = [await outputOf(model, x), await outputOf(model.with({ output: name }), x)];
    claim(firstDifference(own, named) < 0, () => `'${name}' is another output`);
    const error = await rejection(async () => model.with({ output: 'no such output' }));
    claim(isEspalierError(error), () => `it took an output that it does not have: ${String(error)}`);
  }),
);

export const VIEW_LAWS: readonly Law<AdapterSubject>[] = [lossLaw, ends, leavesAlone, inputShapes, outputs];
