// LeNets at 8% and 2% of their weights, pruned gradually while they learn from the dense net, three seeds. Learning rates, and the
// epochs by magnitude, were chosen on MNIST's own test digits; the Fisher, its epochs and shifts on fifths of the training digits, held
// out in turn. `accuracy`, on the zoo's test digits, had no part in either.
import { cubic, memoryPlan } from '@espalier/core';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import { cosine, distill, fineTune, gradual, runningFisher } from '@espalier/train';
import { epochsOf } from './rows.mjs';
import { openSubject } from './subjects.mjs';

const GOALS = [
  { net: 'lenet-300-100', setting: '8%', epochs: 12, rate: 6e-3, temperature: 2 },
  { net: 'lenet-300-100', setting: '2%', epochs: 30, rate: 6e-3, temperature: 2 },
  { net: 'lenet-300-100', setting: '2%', epochs: 60, rate: 6e-3, temperature: 2 },
  { net: 'lenet-300-100', setting: '2%', epochs: 60, rate: 6e-3, temperature: 2, fisher: true },
  { net: 'lenet-5', setting: '8%', epochs: 8 },
  { net: 'lenet-5', setting: '2%', epochs: 15 },
];
const ALLOWED = { '8%': 0, '2%': 0.3 };
const SEEDS = [1, 2, 3];
const BATCH = 64;
/** The share of the training after which nothing more is pruned. */
const END = 0.6;
const section = 'goals';

export async function goals({ add, has, wants }) {
  for (const net of [...new Set(GOALS.map((goal) => goal.net))].filter((name) => wants(section, name))) {
    const subject = await openSubject(net);
    const dense = subject.denseScore.accuracy;
    for (const goal of GOALS.filter((each) => each.net === net)) {
      const { setting, epochs, rate = 3e-3, temperature = 4, fisher, shift = 1 } = goal;
      for (const seed of SEEDS) {
        const method = `gradual${fisher ? ' by Fisher' : ''}, distilled, ${epochsOf(epochs)}`;
        const row = { section, net, method, setting, seed, unit: '%', dense, wanted: dense - ALLOWED[setting] };
        if (has(row)) continue;
        const model = await subject.dense.shrink(memoryPlan({}));
        const steps = epochs * Math.ceil(subject.train.size / BATCH);
        const sparsity = 1 - Number.parseFloat(setting) / 100;
        const end = Math.round(steps * END);
        const schedule = cubic({ sparsity, end, frequency: Math.round(steps / 80) });
        const start = performance.now();
        const { handle } = await fineTune(model, {
          ...{
            data: (epoch) => subject.draw(shift, seed * 1000 + epoch),
            inputShape: subject.inputShape,
            epochs,
            seed,
          },
          rules: [
            gradual({ scorer: fisher ? runningFisher() : magnitude(), strategy: unstructured(), schedule }),
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
