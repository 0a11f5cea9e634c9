// The nets and digits that the accuracy sections share. Calibration and training: the zoo's 8,000 training digits. Measured on the
// zoo's 2,000 test digits, and on the 10,000 of MNIST where ../shared/data is; mlpnet on these alone.
import { existsSync } from 'node:fs';
import { adaptLayers, loadLayersModel } from '@espalier/adapter-layers';
import { seededRandom } from '@espalier/core';
import { arrayBatches } from '@espalier/data';
import { readIdx, readModel } from '@espalier/format';
import { accuracy } from '@espalier/measure';
import { DIGITS, ZOO } from '@espalier/zoo';

const SHARED = new URL('../../../../../shared/data/', import.meta.url).pathname;
const T10K = ['images-idx3', 'labels-idx1'].map((part) => `${SHARED}mnist-test/t10k-${part}-ubyte.gz`);
const MLPNET = `${SHARED}mlpnet-mnist/model.json`;

/** Digits as a function that draws them, each moved by up to `shift` pixels. */
async function digits([images, labels], isIn, { mean, std }) {
  const [x, y] = [await readIdx(images), await readIdx(labels)];
  const rows = Array.from(y.data.keys()).filter(isIn);
  return (shift = 0, seed = 0) => {
    const random = seededRandom(seed);
    const move = () => (shift === 0 ? 0 : Math.floor(random() * (2 * shift + 1)) - shift);
    const data = new Float32Array(rows.length * 784).fill(-mean / std);
    rows.forEach((row, n) => {
      const [dx, dy] = [move(), move()];
      for (let p = 0; p < 784; p++) {
        const [from, column] = [p - dy * 28 - dx, (p % 28) - dx];
        if (column < 0 || column > 27 || from < 0 || from > 783) continue;
        data[n * 784 + p] = (x.data[row * 784 + from] / 255 - mean) / std;
      }
    });
    return { x: data, y: Int32Array.from(rows, (row) => y.data[row]), shape: [784], classes: 10, size: rows.length };
  };
}

/** undefined where the net is not there. */
export async function openSubject(name) {
  const isMlpnet = name === 'mlpnet';
  if (isMlpnet && !existsSync(MLPNET)) return undefined;
  const normalise = isMlpnet ? { mean: 0.1307, std: 0.3081 } : ZOO[name].normalise;
  const zoo = [DIGITS.images, DIGITS.labels];
  const draw = await digits(zoo, (i) => !DIGITS.isTest(i), normalise);
  const tests = {
    ...(!isMlpnet && { accuracy: (await digits(zoo, DIGITS.isTest, normalise))() }),
    ...(existsSync(T10K[0]) && { [isMlpnet ? 'accuracy' : 'mnist']: (await digits(T10K, () => true, normalise))() }),
  };
  const open = async () => {
    const { artifacts } = await readModel(isMlpnet ? MLPNET : ZOO[name].dir);
    return adaptLayers(await loadLayersModel(artifacts), isMlpnet ? { loss: 'softmaxCrossEntropy' } : {});
  };
  const dense = await open();
  const inputShape = dense.model.inputs[0].shape.slice(1);
  const train = draw();
  /** Percent right: `accuracy` on the subject's test digits, `mnist` on the 10,000. */
  const score = async (model) => {
    const values = {};
    for (const [key, test] of Object.entries(tests))
      values[key] = await accuracy((x) => model.predict(x), test, { inputShape, batchSize: 500 });
    return values;
  };
  const batches = (seed = 0, limit = train.size) => arrayBatches(train, { batchSize: 256, inputShape, seed, limit });
  return { name, dense, open, draw, train, inputShape, score, batches, denseScore: await score(dense) };
}
