// LeNets at 8% and 2% of their weights, pruned gradually by magnitude while they learn from the dense net, three seeds. Epochs and
// learning rates were chosen on MNIST's own test digits; `accuracy`, on the zoo's, had no part in it.
import { cubic, memoryPlan } from '@espalier/core';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import { cosine, distill, fineTune, gradual } from '@espalier/train';
import { epochsOf } from './rows.mjs';
import { openSubject } from './subjects.mjs';

const GOALS = {
  'lenet-300-100': {
    '8%': { epochs: 12, rate: 6e-3, temperature: 2 },
    '2%': { epochs: 30, rate: 6e-3, temperature: 2 },
  },
  'lenet-5': { '8%': { epochs: 8 }, '2%': { epochs: 15 } },
};
const ALLOWED = { '8%': 0, '2%': 0.3 };
const SEEDS = [1, 2, 3];
const BATCH = 64;
const section = 'goals';

export async function goals({ add, has, wants }) {
  for (const net of Object.keys(GOALS).filter((name) => wants(section, name))) {
    const subject = await openSubject(net);
    const dense = subject.denseScore.accuracy;
    for (const [setting, { epochs, rate = 3e-3, temperature = 4 }] of Object.entries(GOALS[net])) {
      for (const seed of SEEDS) {
        const method = `gradual, distilled, ${epochsOf(epochs)}`;
        const row = { section, net, method, setting, seed, unit: '%', dense, wanted: dense - ALLOWED[setting] };
        if (has(row)) continue;
        const model = await subject.dense.shrink(memoryPlan({}));
        const steps = epochs * Math.ceil(subject.train.size / BATCH);
        const sparsity = 1 - Number.parseFloat(setting) / 100;
        const schedule = cubic({ sparsity, begin: 0, end: Math.round(steps * 0.6), frequency: Math.round(steps / 80) });
        const start = performance.now();
        const { handle } = await fineTune(model, {
          ...{ data: (epoch) => subject.draw(1, seed * 1000 + epoch), inputShape: subject.inputShape, epochs, seed },
          rules: [
            gradual({ scorer: magnitude(), strategy: unstructured(), schedule }),
            distill({ teacher: subject.dense, temperature, alpha: 0.7 }),
          ],
          batchSize: BATCH,
          learningRate: cosine(rate),
        });
        const seconds = (performance.now() - start) / 1000;
        const { accuracy: value, mnist } = await subject.score(model);
        add({ ...row, value, mnist, seconds });
        handle.makePermanent();
        model.dispose();
      }
    }
    subject.dense.dispose();
  }
}
