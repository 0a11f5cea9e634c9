import { inputsUnsupported, isEspalierError, macCost, type Param, scoresInMemory } from '@espalier/core';
import { block } from '@espalier/strategy-block';
import { nm } from '@espalier/strategy-nm';
import { inOptions } from './in-options.js';

const param: Param = {
  id: 'fc/kernel',
  shape: [3, 3],
  inAxis: 0,
  role: 'kernel',
  uses: null,
  trainable: true,
};
const scores = scoresInMemory('magnitude', new Map([[param.id, new Float32Array(9)]]));
const selection = { params: [param], groups: [], scores, sparsity: 0.5 };

const thrown = async (work: () => unknown) => {
  try {
    await work();
  } catch (error) {
    if (isEspalierError(error)) return error;
  }
  throw new Error('nothing was thrown');
};

test.each<[string, () => unknown, string]>([
  [
    'an axis that N:M does not divide',
    () => nm().select(selection),
    '--ignore fc, or keep the rest dense with --tail dense',
  ],
  [
    'an axis that blocks do not divide',
    () => block().select(selection),
    '--ignore fc, or keep the rest dense with --tail dense',
  ],
  ['open sizes', () => macCost.each(param), 'give --input-shape, batch first, such as 1,64,64,3'],
  ['missing scores', () => scores.read('fc/bias'), 'leave it out with --ignore fc'],
  [
    'missing inputs',
    () => Promise.reject(inputsUnsupported('rnn/kernel', { text: 'why' })),
    'leave it out with --ignore rnn, or use a scorer',
  ],
])('the way out of %s is one of options', async (_, work, wanted) => {
  const error = await thrown(work);
  expect(error.message).not.toMatch(/--[a-z]/);
  const { message, fix } = inOptions(error);
  expect(message).toContain(wanted);
  expect(message).not.toContain(error.fix);
  expect(message).toContain(fix);
});
