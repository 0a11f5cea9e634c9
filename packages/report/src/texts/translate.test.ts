import '@tensorflow/tfjs-backend-cpu';
import { dirname, join } from 'node:path';
import { adaptGraph } from '@espalier/adapter-graph';
import { adaptLayers, loadLayersModel } from '@espalier/adapter-layers';
import { fill, prune, type PrunableModel, type SentenceCode, SENTENCES } from '@espalier/core';
import { readModel } from '@espalier/format';
import { magnitude } from '@espalier/scorer-magnitude';
import { block } from '@espalier/strategy-block';
import { nm } from '@espalier/strategy-nm';
import { structured } from '@espalier/strategy-structured';
import { ZOO } from '@espalier/zoo';
import * as tf from '@tensorflow/tfjs-core';
import { chinese, english, translate } from './index.js';
import { sentences } from './sentences.zh.js';

const namesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test.each(Object.keys(SENTENCES) as SentenceCode[])('%s is said in Chinese with the same values', (code) => {
  expect(namesIn(sentences[code])).toEqual(namesIn(SENTENCES[code]));
  expect(sentences[code]).toMatch(/\p{Script=Han}/u);
  const values = Object.fromEntries(namesIn(SENTENCES[code]).map((name) => [name, `<${name}>`]));
  const said = translate(fill(SENTENCES[code], values), chinese);
  expect(said).toBe(fill(sentences[code], values));
});

test.each([
  ['fc3 is left alone: model output', 'fc3 未剪枝：模型输出'],
  ["conv1 is left alone: feeds 'sum' (Add), which mixes channels", "conv1 未剪枝：送入 'sum' (Add)，它会混合通道"],
  ['conv1/kernel stays dense: it has no input axis for 2:4', 'conv1/kernel 保持稠密：没有可用于 2:4 的输入轴'],
  ['odd/kernel is left alone: it is blue', 'odd/kernel 未剪枝：it is blue'],
  ['somebody else said so', 'somebody else said so'],
])('%s', (english_, wanted) => {
  expect(translate(english_, chinese)).toBe(wanted);
  expect(translate(english_, english)).toBe(english_);
});

test('why a trial was not possible is said in Chinese', async () => {
  await tf.setBackend('cpu');
  const { artifacts } = await readModel(ZOO['lenet-5'].dir);
  const model = adaptLayers(await loadLayersModel(artifacts));
  const failure = (await prune(model, { scorer: magnitude(), strategy: structured(), sparsity: 0.999 }).catch(
    (error: unknown) => error,
  )) as Error;
  expect(failure.message).toMatch(/^sparsity 0\.999 of \d+ channels is too much: each of the \d+ groups/);
  expect(translate(failure.message, chinese)).toMatch(
    /^对 \d+ 个通道而言稀疏度 0\.999 过高：\d+ 个组各至少保留一个通道，只剩/,
  );
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
    if ('notes' in model) said.push(...(model.notes as string[]));
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
      translate(text, chinese)
        .replace(/'[^']*'( \(\w+\))?|[\w/]+\/\w+/g, '')
        .match(/[a-z]{3,} [a-z]{2,}/g) ?? [];
    expect([...new Set(said)].filter((text) => words(text).length > 0).map((text) => translate(text, chinese))).toEqual(
      [],
    );
    model.dispose();
  },
);
