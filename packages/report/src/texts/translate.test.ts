import '@tensorflow/tfjs-backend-cpu';
import { dirname, join } from 'node:path';
import { adaptGraph } from '@espalier/adapter-graph';
import { adaptLayers, loadLayersModel } from '@espalier/adapter-layers';
import { type EspalierError, type Note, prune, type PrunableModel, sayings } from '@espalier/core';
import { readModel } from '@espalier/format';
import { magnitude } from '@espalier/scorer-magnitude';
import { block } from '@espalier/strategy-block';
import { nm } from '@espalier/strategy-nm';
import { structured } from '@espalier/strategy-structured';
import { ZOO } from '@espalier/zoo';
import * as tf from '@tensorflow/tfjs-core';
import { chinese, english, translate } from './index.js';

const output = { code: 'model-output', text: 'model output' };
const leftAlone = (id: string, why: Note): Note => ({
  code: 'left-alone',
  params: { id, why },
  text: `${id} is left alone: ${why.text}`,
});

test.each<[Note, string]>([
  [leftAlone('fc3', output), 'fc3 未剪枝：模型输出'],
  [
    leftAlone('conv1', {
      code: 'feeds',
      params: { what: "'sum' (Add)", why: { code: 'mixes-channels', text: 'which mixes channels' } },
      text: "feeds 'sum' (Add), which mixes channels",
    }),
    "conv1 未剪枝：送入 'sum' (Add)，它会混合通道",
  ],
  [leftAlone('odd/kernel', { text: 'it is blue' }), 'odd/kernel 未剪枝：it is blue'],
  [{ text: 'somebody else said so' }, 'somebody else said so'],
  [{ code: 'of-another', text: 'a code of somebody else' }, 'a code of somebody else'],
  [{ code: 'toString', text: 'a code that every object has' }, 'a code that every object has'],
  [{ code: 'left-alone', params: { id: 'fc3' }, text: 'with other values' }, 'with other values'],
])('%j', (note, wanted) => {
  expect(translate(note, chinese)).toBe(wanted);
  expect(translate(note, english)).toBe(note.text);
});

test('the params of a note are said where its template names them, whatever they hold', () => {
  const say = sayings({ 'left-alone': '{id} is left alone: {why}' });
  expect(translate(say('left-alone', { id: '{why}', why: '$&' }), chinese)).toBe('{why} 未剪枝：$&');
});

test('why a trial was not possible is said in Chinese', async () => {
  await tf.setBackend('cpu');
  const { artifacts } = await readModel(ZOO['lenet-5'].dir);
  const model = adaptLayers(await loadLayersModel(artifacts));
  const { message, note } = (await prune(model, {
    scorer: magnitude(),
    strategy: structured(),
    sparsity: 0.999,
  }).catch((error: unknown) => error)) as EspalierError;
  expect(message).toMatch(/^sparsity 0\.999 of \d+ channels is too much: each of the \d+ groups/);
  expect(note!.text).toBe(message);
  expect(translate(note!, chinese)).toMatch(/^对 \d+ 个通道而言稀疏度 0\.999 过高：\d+ 个组各至少保留一个通道，只剩/);
  model.dispose();
});

const human = join(dirname(require.resolve('@vladmandic/human')), '..', 'models');

test.each([ZOO['lenet-5'].dir, ZOO['resnet-ds'].dir, join(human, 'liveness.json'), join(human, 'blazeface.json')])(
  'everything that is said of %s is said in Chinese',
  async (path) => {
    await tf.setBackend('cpu');
    const { format, artifacts } = await readModel(path);
    const model: PrunableModel =
      format === 'graph-model' ? await adaptGraph(artifacts) : adaptLayers(await loadLayersModel(artifacts));
    const kernels = model.params.filter(({ role }) => role === 'kernel');
    const said = [...kernels, ...model.groups, ...(model.branches ?? [])].flatMap(({ skip }) => skip ?? []);
    said.push(...model.notes);
    for (const strategy of [
      nm({ tail: 'dense' }),
      nm({ keep: 4, group: 32, tail: 'dense' }),
      block({ tail: 'dense' }),
      structured(),
    ]) {
      const { notes, skipped, handle } = await prune(model, { scorer: magnitude(), strategy });
      said.push(...notes, ...skipped.map(({ reason }) => reason));
      handle.restore();
    }
    expect(said.length).toBeGreaterThan(3);
    const words = (text: string) =>
      text.replace(/'[^']*'( \(\w+\))?|[\w/]+\/\w+/g, '').match(/[a-z]{3,} [a-z]{2,}/g) ?? [];
    const inChinese = new Set(said.map((note) => translate(note, chinese)));
    expect([...inChinese].filter((text) => words(text).length > 0)).toEqual([]);
    model.dispose();
  },
);
