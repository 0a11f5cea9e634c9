import { type PrunableModel } from '@espalier/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adapt, type AdaptOptions, openArtifacts } from './index.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

/** Two heads on pictures of any size. */
function heads(): tfl.LayersModel {
  const x = tfl.input({ shape: [null, 4] });
  const body = tfl.layers.dense({ units: 3, name: 'body' }).apply(x);
  const head = (name: string) => tfl.layers.dense({ units: 2, name }).apply(body) as tfl.SymbolicTensor;
  return tfl.model({ inputs: x, outputs: [head('left'), head('right')] });
}

const OPTIONS: Required<AdaptOptions> = {
  loss: 'meanSquaredError',
  output: 'right',
  inputShape: [1, 6, 4],
  leaveAlone: { 'body/kernel': 'it is mine' },
};

async function checkOptions(model: PrunableModel): Promise<void> {
  const [batch, y] = [{ x: tf.ones([1, 6, 4]), y: tf.zeros([1, 6, 2]) }, tf.ones([1, 6, 4])];
  const { loss, grads } = await model.gradients(batch);
  const output = model.predict(y);
  const mean = tf.tidy(() => tf.mean(tf.square(output)));
  expect(loss).toBeCloseTo((await mean.data())[0], 5);
  tf.dispose([grads, output, mean, y, batch.x, batch.y]);
  expect(model.signature.outputs.map(({ name }) => name)).toEqual(['right']);
  expect(model.params[0]).toMatchObject({ id: 'body/kernel', uses: 6, skip: { text: 'it is mine' } });
}

test('every option reaches the adapter: of a live model, of one that is adapted already, and of one in files', async () => {
  const model = heads();
  const adapted = await adapt(model);
  await checkOptions(await adapt(model, OPTIONS));
  await checkOptions(await adapt(adapted, OPTIONS));
  const opened = await openArtifacts(await adapted.toArtifacts(), OPTIONS);
  await checkOptions(opened);
  opened.dispose();
  adapted.dispose();
});

test('an option that fits no model is refused, and nothing is left behind', async () => {
  const adapted = await adapt(heads());
  const artifacts = await adapted.toArtifacts();
  const tensors = tf.memory().numTensors;
  for (const [options, code] of [
    [{ loss: 'none of ours' }, 'loss-unknown'],
    [{ output: 'middle' }, 'output-unknown'],
    [{ inputShape: [1, 6, 5] }, 'input-shape'],
    [{ leaveAlone: { 'head/kernel': 'it is mine' } }, 'param-unknown'],
  ] as const) {
    await expect(adapt(adapted, options)).rejects.toMatchObject({ code });
    await expect(openArtifacts(artifacts, options)).rejects.toMatchObject({ code });
  }
  await expect(openArtifacts({ ...artifacts, format: 'onnx' })).rejects.toMatchObject({ code: 'model-format' });
  expect(tf.memory().numTensors).toBe(tensors);
  adapted.dispose();
});
