// LeNets at 20% to 1% of their weights by every scorer: one shot, and after a short fine-tuning on the labels, three seeds.
import { prune, replay, scoresInMemory, seededRandom, shuffle } from '@espalier/core';
import { unstructured } from '@espalier/strategy-unstructured';
import { cosine, fineTune } from '@espalier/train';
import { METHODS } from './methods.mjs';
import { epochsOf } from './rows.mjs';
import { openSubject } from './subjects.mjs';

const KEPT = [20, 10, 8, 5, 3, 2, 1];
const EPOCHS = { 'lenet-300-100': 3, 'lenet-5': 0.5 };
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

/** `share` of the samples, drawn with the seed. */
function part(data, share, seed) {
  if (share >= 1) return data;
  const rows = Array.from({ length: data.size }, (_, i) => i);
  shuffle(rows, seededRandom(seed));
  const some = rows.slice(0, Math.round(share * data.size));
  const x = new Float32Array(some.length * 784);
  some.forEach((row, i) => x.set(data.x.subarray(row * 784, (row + 1) * 784), i * 784));
  return { ...data, x, y: Int32Array.from(some, (row) => data.y[row]), size: some.length };
}

export async function lenets({ add, has, wants }) {
  for (const net of Object.keys(EPOCHS).filter((name) => wants(section, name))) {
    const subject = await openSubject(net);
    const epochs = EPOCHS[net];
    const rowOf = (method, kept, seed) => {
      const name = `${method}, ${seed === 0 ? 'one shot' : epochsOf(epochs)}`;
      return { section, net, method: name, setting: `${kept}%`, seed, unit: '%', dense: subject.denseScore.accuracy };
    };
    const pruned = new Map();
    for (const [method, make] of Object.entries(METHODS)) {
      const { scorer, scope = 'global', repair } = make();
      const scored = once(scorer);
      for (const kept of KEPT) {
        if ([0, ...SEEDS].every((seed) => has(rowOf(method, kept, seed)))) continue;
        const model = await subject.open();
        const options = { scorer: scored, strategy: unstructured({ scope }), sparsity: 1 - kept / 100 };
        const start = performance.now();
        const { plan } = await prune(model, { ...options, data: subject.batches(), ...(repair && { repair }) });
        const seconds = (performance.now() - start) / 1000;
        const { accuracy: value, mnist } = await subject.score(model);
        if (!has(rowOf(method, kept, 0))) add({ ...rowOf(method, kept, 0), value, mnist, seconds });
        const weights = new Map();
        for (const { id } of model.params) weights.set(id, await model.read(id));
        pruned.set(`${method} ${kept}`, { plan, weights, seconds });
        model.dispose();
      }
    }
    for (const seed of SEEDS) {
      for (const [method, kept] of Object.keys(METHODS).flatMap((name) => KEPT.map((share) => [name, share]))) {
        const row = rowOf(method, kept, seed);
        if (has(row)) continue;
        const { plan, weights, seconds } = pruned.get(`${method} ${kept}`);
        const model = await subject.open();
        const handle = await replay(model, plan);
        for (const [id, values] of weights) model.write(id, values);
        const start = performance.now();
        await fineTune(model, {
          data: part(subject.train, epochs, seed),
          ...{ inputShape: subject.inputShape, epochs: Math.ceil(epochs), seed, handles: [handle] },
          learningRate: cosine(2e-3),
        });
        const took = seconds + (performance.now() - start) / 1000;
        const { accuracy: value, mnist } = await subject.score(model);
        add({ ...row, value, mnist, seconds: took });
        model.dispose();
      }
    }
    subject.dense.dispose();
  }
}
