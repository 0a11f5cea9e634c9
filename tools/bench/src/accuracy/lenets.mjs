// LeNets at 20% to 1% of their weights by every scorer: one shot, and after fine-tuning on the labels, three seeds.
import { prune, scoresInMemory } from '@espalier/core';
import { obsRepair, obsScorer } from '@espalier/repair-obs';
import { wanda } from '@espalier/scorer-activation';
import { gradient } from '@espalier/scorer-gradient';
import { hessian } from '@espalier/scorer-hessian';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import { cosine, fineTune } from '@espalier/train';
import { epochsOf } from './rows.mjs';
import { openSubject } from './subjects.mjs';

const KEPT = [20, 10, 8, 5, 3, 2, 1];
const EPOCHS = { 'lenet-300-100': 3, 'lenet-5': 1 };
const SEEDS = [1, 2, 3];
const section = 'lenets';

/** The scores of the dense net, worked out once for all sparsities. */
function once(scorer) {
  let settled;
  const settle = async (context) => {
    const scores = await scorer.score(context);
    const values = new Map();
    for (const id of scores.params) values.set(id, await scores.read(id));
    return scoresInMemory(scorer.name, values, { notes: scores.notes });
  };
  return { name: scorer.name, score: (context) => (settled ??= settle(context)) };
}

const METHODS = {
  magnitude: () => ({ scorer: magnitude() }),
  gradient: () => ({ scorer: gradient() }),
  'diagonal Hessian': () => ({ scorer: hessian() }),
  wanda: () => ({ scorer: wanda(), scope: 'output' }),
  obs: () => ({ scorer: obsScorer(), repair: obsRepair({ steps: 0 }) }),
};

export async function lenets({ add, has, wants }) {
  for (const net of Object.keys(EPOCHS).filter((name) => wants(section, name))) {
    const subject = await openSubject(net);
    const epochs = EPOCHS[net];
    const dense = subject.denseScore.accuracy;
    for (const [method, make] of Object.entries(METHODS)) {
      const { scorer, scope = 'global', repair } = make();
      const scored = once(scorer);
      for (const kept of KEPT) {
        const row = { section, net, setting: `${kept}%`, unit: '%', dense };
        const oneShot = { ...row, method: `${method}, one shot`, seed: 0 };
        const tuned = SEEDS.map((seed) => ({ ...row, method: `${method}, ${epochsOf(epochs)}`, seed }));
        if ([oneShot, ...tuned].every(has)) continue;
        const model = await subject.open();
        const options = { scorer: scored, strategy: unstructured({ scope }), sparsity: 1 - kept / 100 };
        const start = performance.now();
        const { handle } = await prune(model, { ...options, data: subject.batches(), ...(repair && { repair }) });
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
            ...{ data: subject.train, inputShape: subject.inputShape, epochs, seed, handles: [handle] },
            learningRate: cosine(2e-3),
          });
          const took = seconds + (performance.now() - began) / 1000;
          const { accuracy: value, mnist } = await subject.score(model);
          add({ ...run, value, mnist, seconds: took });
        }
        handle.makePermanent();
        model.dispose();
      }
    }
    subject.dense.dispose();
  }
}
