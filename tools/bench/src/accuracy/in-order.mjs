// What fitting layers in order is worth against fitting them apart, without labels: one shot, by the repair, on nets whose layers have others
// in front of them. Calibrated on 1,024 digits.
import { prune } from '@espalier/core';
import { obsRepair, obsScorer } from '@espalier/repair-obs';
import { magnitude } from '@espalier/scorer-magnitude';
import { block } from '@espalier/strategy-block';
import { nm } from '@espalier/strategy-nm';
import { unstructured } from '@espalier/strategy-unstructured';
import { openSubject } from './subjects.mjs';

const SAMPLES = 1024;
const section = 'in-order';
const single = (scorer, sparsity) => () => ({ scorer: scorer(), strategy: unstructured(), sparsity });

const CUTS = {
  'magnitude, 40%': single(magnitude, 0.6),
  'magnitude, 20%': single(magnitude, 0.8),
  'ExactOBS, 40%': single(obsScorer, 0.6),
  'ExactOBS, 20%': single(obsScorer, 0.8),
  '2:4': () => ({ scorer: magnitude(), strategy: nm({ tail: 'dense' }) }),
  '4×1 blocks, 40%': () => ({ scorer: magnitude(), strategy: block({ tail: 'dense' }), sparsity: 0.6 }),
};

export async function inOrder({ add, has, wants }) {
  for (const net of ['resnet-ds'].filter((name) => wants(section, name))) {
    const subject = await openSubject(net);
    const row = { section, net, seed: 0, unit: '%', dense: subject.denseScore.accuracy };
    for (const [setting, make] of Object.entries(CUTS)) {
      for (const [method, ordered] of Object.entries({ apart: false, 'in order': true })) {
        const run = { ...row, method, setting };
        if (has(run)) continue;
        const model = await subject.open();
        const start = performance.now();
        const repair = obsRepair({ steps: 0, inOrder: ordered });
        await prune(model, { ...make(), data: subject.batches(0, SAMPLES), repair });
        const seconds = (performance.now() - start) / 1000;
        const { accuracy: value, mnist } = await subject.score(model);
        add({ ...run, value, mnist, seconds });
        model.dispose();
      }
    }
    subject.dense.dispose();
  }
}
