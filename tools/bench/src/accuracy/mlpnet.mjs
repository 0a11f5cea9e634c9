// mlpnet (784-40-20-10, ../shared/data/mlpnet-mnist), calibrated on the zoo's 8,000 training digits, measured on MNIST's 10,000 test
// digits: one shot, with repair, in stages with labels, and what gradual training makes of it. That the first stage prunes nothing
// was chosen on a fifth of the training digits, held out; the repair's other defaults were chosen with these test digits in view.
import { cubic, oneShot, prune } from '@espalier/core';
import { obsRepair, obsScorer } from '@espalier/repair-obs';
import { wanda } from '@espalier/scorer-activation';
import { gradient } from '@espalier/scorer-gradient';
import { blockFisher, hessian } from '@espalier/scorer-hessian';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import { cosine, fineTune, gradual, runningFisher } from '@espalier/train';
import { epochsOf } from './rows.mjs';
import { openSubject } from './subjects.mjs';

/** Accuracy wanted, and hoped for, of obs with labels. */
const WANTED = { 0.8: [94.1, 94.8], 0.9: [93.7, 94.5], 0.95: [92.0, 93.9], 0.98: [60, 88] };
const EPOCHS = 30;
const SEEDS = [1, 2, 3];
const [section, net] = ['mlpnet', 'mlpnet'];

const METHODS = {
  magnitude: () => ({ scorer: magnitude() }),
  gradient: () => ({ scorer: gradient() }),
  'diagonal Fisher': () => ({ scorer: hessian() }),
  'block Fisher': () => ({ scorer: blockFisher() }),
  wanda: () => ({ scorer: wanda(), scope: 'output' }),
  'magnitude, repair': () => ({ scorer: magnitude(), repair: obsRepair({ steps: 0 }) }),
  ExactOBS: () => ({ scorer: obsScorer(), repair: obsRepair({ steps: 0 }) }),
  'ExactOBS, exchanges': () => ({ scorer: obsScorer(), repair: obsRepair({ steps: 0, exchanges: Infinity }) }),
  'obs, stages with labels': () => ({ scorer: obsScorer(), repair: obsRepair(), staged: true }),
};

const GRADUAL = { gradual: () => magnitude(), 'gradual by Fisher': () => runningFisher() };

export async function mlpnet({ add, has, wants }) {
  if (!wants(section, net)) return;
  const subject = await openSubject(net);
  if (!subject) {
    process.stderr.write('  mlpnet: skipped, ../shared/data/mlpnet-mnist is not there\n');
    return;
  }
  const dense = subject.denseScore.accuracy;
  const settings = Object.keys(WANTED).map((sparsity) => ({
    sparsity: Number(sparsity),
    row: { section, net, setting: `${Math.round(100 - 100 * sparsity)}%`, unit: '%', dense },
  }));
  for (const [method, make] of Object.entries(METHODS)) {
    for (const { sparsity, row } of settings) {
      const { scorer, scope = 'global', repair, staged } = make();
      const [wanted, goal] = staged ? WANTED[sparsity] : [];
      const run = { ...row, method, seed: 0, ...(staged && { wanted, goal }) };
      if (has(run)) continue;
      const model = await subject.open();
      const options = { scorer, strategy: unstructured({ scope }), sparsity, data: subject.batches() };
      const start = performance.now();
      await prune(model, { ...options, ...(repair && { repair }), ...(!staged && { schedule: oneShot(sparsity) }) });
      const seconds = (performance.now() - start) / 1000;
      add({ ...run, value: (await subject.score(model)).accuracy, seconds });
      model.dispose();
    }
  }
  for (const [method, makeScorer] of Object.entries(GRADUAL)) {
    for (const [{ sparsity, row }, seed] of settings.flatMap((each) => SEEDS.map((seed) => [each, seed]))) {
      const run = { ...row, method: `${method}, ${epochsOf(EPOCHS)}`, seed };
      if (has(run)) continue;
      const model = await subject.open();
      const steps = EPOCHS * Math.ceil(subject.train.size / 64);
      const schedule = cubic({ sparsity, begin: 0, end: Math.round(steps * 0.6), frequency: Math.round(steps / 80) });
      const start = performance.now();
      await fineTune(model, {
        ...{ data: subject.train, inputShape: subject.inputShape, epochs: EPOCHS, seed, learningRate: cosine(1e-3) },
        rules: [gradual({ scorer: makeScorer(), strategy: unstructured(), schedule })],
      });
      const seconds = (performance.now() - start) / 1000;
      add({ ...run, value: (await subject.score(model)).accuracy, seconds });
      model.dispose();
    }
  }
  subject.dense.dispose();
}
