import '@tensorflow/tfjs-backend-cpu';
import { describeScorer, tinyNetwork } from '@espalier/conformance';
import { type Batch, inputsUnsupported } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { wanda } from './wanda.js';

beforeAll(() => tf.setBackend('cpu'));

describeScorer('wanda', () => wanda());

const rows = (x: number[][]) =>
  async function* (): AsyncGenerator<Batch> {
    for (const row of x) {
      const batch = { x: tf.tensor2d([row]), y: tf.tensor2d([[1, 0]]) };
      try {
        yield batch;
      } finally {
        tf.dispose([batch.x, batch.y]);
      }
    }
  };
const weights = {
  hiddenKernel: [
    [1, -2],
    [3, 0],
  ],
  hiddenBias: [0, 0],
  outKernel: [
    [1, 0],
    [0, -1],
  ],
  outBias: [0, 0],
};

/* Inputs (3, 0) and (4, 2): norms 5 and 2. |W| = [[1, 2], [3, 0]] gives [[5, 10], [6, 0]]. */
test('by hand: |w| times the norm of its input, whatever the batches', async () => {
  const model = tinyNetwork({ weights });
  const scores = await wanda().score({ model, batches: rows([[3, 0], [4, 2]]) }); // prettier-ignore
  expect(Array.from(await scores.read('hidden/kernel'))).toEqual([5, 10, 6, 0]);
  const one = await wanda({ samples: 1 }).score({ model, batches: rows([[3, 0], [4, 2]]) }); // prettier-ignore
  expect(Array.from(await one.read('hidden/kernel'))).toEqual([3, 6, 0, 0]);
  const hidden = Math.tanh(3);
  expect((await one.read('out/kernel'))[0]).toBeCloseTo(hidden, 5);
  model.dispose();
});

test('kernels whose inputs are not to be had are left out with a note; bad options and data are refused', async () => {
  const model = tinyNetwork({ weights });
  const blind = {
    ...model,
    inputs: (batch: Batch, id: string) => {
      if (id === 'out/kernel') throw inputsUnsupported(id, { text: 'it is hidden' });
      return model.inputs(batch, id);
    },
  };
  const scores = await wanda().score({ model: blind, batches: rows([[3, 0]]) });
  expect([scores.params, scores.notes?.map(({ text }) => text)]).toEqual([
    ['hidden/kernel'],
    ['out/kernel is left as it is: it is hidden'],
  ]);
  expect(() => wanda({ samples: 0 })).toThrow(expect.objectContaining({ code: 'samples' }));
  await expect(wanda().score({ model, batches: rows([]) })).rejects.toMatchObject({ code: 'data-empty' });
  await expect(wanda().score({ model, batches: rows([[NaN, 1]]) })).rejects.toMatchObject({ code: 'score-not-finite' });
  model.dispose();
});
