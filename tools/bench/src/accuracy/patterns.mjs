// 2:4 on every net: one shot with and without repair, and after fine-tuning with distillation from the dense net, three seeds.
import { prune } from '@espalier/core';
import { obsRepair } from '@espalier/repair-obs';
import { magnitude } from '@espalier/scorer-magnitude';
import { nm } from '@espalier/strategy-nm';
import { cosine, distill, fineTune } from '@espalier/train';
import { epochsOf } from './rows.mjs';
import { openSubject } from './subjects.mjs';

const EPOCHS = { mlpnet: 6, 'lenet-300-100': 6, 'lenet-5': 4, 'resnet-ds': 4 };
const SEEDS = [1, 2, 3];
const section = 'patterns';

const METHODS = {
  magnitude: () => ({ scorer: magnitude() }),
  'magnitude, repair': () => ({ scorer: magnitude(), repair: obsRepair({ steps: 0 }) }),
  'magnitude, repair with labels': () => ({ scorer: magnitude(), repair: obsRepair() }),
};
/** What the fine-tuned rows start from. */
const START = 'magnitude, repair';
/** Steps along the labels cost as much as epochs of training: minutes on convolutions. */
const LABELLED = ['mlpnet', 'lenet-300-100'];

export async function patterns({ add, has, wants }) {
  for (const net of Object.keys(EPOCHS).filter((name) => wants(section, name))) {
    const subject = await openSubject(net);
    if (!subject) continue;
    const dense = subject.denseScore.accuracy;
    const row = { section, net, setting: '2:4', unit: '%', dense };
    const epochs = EPOCHS[net];
    for (const [method, make] of Object.entries(METHODS)) {
      if (method.endsWith('with labels') && !LABELLED.includes(net)) continue;
      const oneShot = { ...row, method, seed: 0 };
      const tuned =
        method === START ? SEEDS.map((seed) => ({ ...row, method: `${method}, ${epochsOf(epochs)}`, seed })) : [];
      if ([oneShot, ...tuned].every(has)) continue;
      const model = await subject.open();
      const start = performance.now();
      const { handle } = await prune(model, { ...make(), strategy: nm({ tail: 'dense' }), data: subject.batches() });
      const seconds = (performance.now() - start) / 1000;
      if (!has(oneShot)) {
        const { accuracy: value, mnist } = await subject.score(model);
        add({ ...oneShot, value, mnist, seconds });
      }
      const weights = new Map();
      for (const { id } of model.params) weights.set(id, await model.read(id));
      for (const run of tuned.filter((each) => !has(each))) {
        for (const [id, values] of weights) model.write(id, values);
        const { seed } = run;
        const began = performance.now();
        await fineTune(model, {
          ...{ data: (epoch) => subject.draw(1, seed * 1000 + epoch), inputShape: subject.inputShape, epochs, seed },
          ...{ handles: [handle], rules: [distill({ teacher: subject.dense, temperature: 4, alpha: 0.7 })] },
          learningRate: cosine(1e-3),
        });
        const { accuracy: value, mnist } = await subject.score(model);
        add({ ...run, value, mnist, seconds: seconds + (performance.now() - began) / 1000 });
      }
      handle.makePermanent();
      model.dispose();
    }
    subject.dense.dispose();
  }
}
