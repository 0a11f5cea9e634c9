/** A granularity that nothing in the house knows, taken through all that reads plans: laws, files, reports, pictures, a repair. */
import '@tensorflow/tfjs-backend-cpu';
import { adaptLayers } from '@espalier/adapter-layers';
import { describeStrategy } from '@espalier/conformance';
import {
  bitsFrom,
  decodePlan,
  eligibleParams,
  encodePlan,
  type Extent,
  gridOf,
  isKept,
  lazyPlan,
  type Param,
  prune,
  pruneCount,
  resolveMask,
  type Selection,
  selectLowest,
  sizeOf,
  type Strategy,
} from '@espalier/core';
import { maskMap as draw } from '@espalier/figures';
import { parseReport, type Report, runTrial } from '@espalier/pipeline';
import { obsRepair } from '@espalier/repair-obs';
import { granularities, english } from '@espalier/report';
import { magnitude } from '@espalier/scorer-magnitude';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { maskMap } from './mask-map.js';

beforeAll(() => tf.setBackend('cpu'));

/** Prunes whole cells, those with the lowest sums in each kernel. */
function cells(kind: string, name: string, cell: Extent): Strategy {
  const cut = async ({ scores, sparsity, previous }: Selection, param: Param) => {
    const { first, within } = gridOf(param, cell);
    const before = await previous?.mask(param.id);
    const isAlive = (b: number) => within.some((offset) => isKept(before!, first[b] + offset));
    const read = async () => {
      const values = await scores.read(param.id);
      return Float32Array.from(first, (at) => within.reduce((sum, offset) => sum + values[at + offset], 0));
    };
    const slice = { id: param.id, size: first.length, read };
    const all = [{ ...slice, ...(before && { previous: bitsFrom(first.length, isAlive) }) }];
    return (await selectLowest(all, pruneCount(first.length, sparsity))).mask(param.id);
  };
  return {
    name: kind,
    async select(selection) {
      const params = new Map(eligibleParams(selection).map((param) => [param.id, param]));
      const masks = new Map<string, Awaited<ReturnType<typeof cut>>>();
      for (const [id, param] of params) masks.set(id, await cut(selection, param));
      return lazyPlan({ params: [...params.keys()], units: {}, granularity: { kind, name, cell } }, async (id) => {
        const { boxOf } = gridOf(params.get(id)!, cell);
        return bitsFrom(sizeOf(params.get(id)!.shape), (i) => boxOf(i) < 0 || isKept(masks.get(id)!, boxOf(i)));
      });
    },
  };
}

const rows = () => cells('rows', 'whole rows', { outputs: 'all' });
const tiles = () => cells('tiles', '2×2 tiles', { positions: [2, 2] });

describeStrategy('rows', rows);

/** A 4 × 4 convolution, whose tiles are four in each of its 2 · 4 filters. */
const network = () => {
  const init = { kernelInitializer: 'glorotNormal' as const };
  const conv = layers.conv2d({ name: 'conv', filters: 4, kernelSize: 4, inputShape: [6, 6, 2], ...init });
  const net = sequential({ layers: [conv, layers.flatten(), layers.dense({ name: 'out', units: 3, ...init })] });
  return adaptLayers(net);
};
async function* batches() {
  const x = tf.randomNormal([64, 6, 6, 2], 0, 1, 'float32', 5);
  yield { x, y: tf.zeros([64, 3]) };
}

test('tiles of 2×2 positions, from the plan to the report', async () => {
  const model = network();
  const options = { scorer: magnitude(), strategy: tiles(), sparsity: 0.5, ignore: ['out'] };
  const repair = obsRepair({ steps: 0, exchanges: 4 });
  const { plan, handle } = await prune(model, { ...options, repair, data: batches });
  const { granularity } = decodePlan(await encodePlan(plan));
  expect(granularity).toEqual({ kind: 'tiles', name: '2×2 tiles', cell: { positions: [2, 2] } });

  const kernel = model.params.find(({ id }) => id === 'conv/kernel')!;
  const mask = (await resolveMask(plan, kernel, model.groups))!;
  const { first, within } = gridOf(kernel, granularity!.cell);
  const keptOf = Array.from(first, (at) => within.reduce((sum, offset) => sum + Number(isKept(mask, at + offset)), 0));
  expect(keptOf.sort()).toEqual([...Array<number>(16).fill(0), ...Array<number>(16).fill(4)]);
  handle.restore();

  // Positions lie far apart in the picture, so every neighbour is of another tile and lines would say nothing.
  expect(maskMap(kernel, mask, plan).lines).toBeUndefined();
  const { plan: ofRows, handle: masked } = await prune(model, { ...options, strategy: cells('pairs', 'pairs', PAIRS) });
  const map = maskMap(kernel, (await resolveMask(ofRows, kernel, model.groups))!, ofRows);
  expect(map.lines).toEqual({ rows: [], columns: [2], of: 'pairs' });
  expect(draw(map)).toContain('grid lines for pairs');
  masked.restore();

  const row = await runTrial({ ...options, model });
  const report = parseReport({ ...REPORT, rows: [JSON.parse(JSON.stringify(row))] });
  expect(report.rows[0].granularity).toEqual(granularity);
  const [{ strategy, of }] = granularities(report);
  expect([strategy, english.granularity.needs(of)]).toEqual([
    'tiles',
    expect.stringContaining('kernels for 2×2 tiles'),
  ]);
  model.dispose();
});

const PAIRS: Extent = { outputs: 2 };
const REPORT: Omit<Report, 'rows'> = {
  version: 2,
  created: '2026-01-02T03:04:05Z',
  command: 'espalier compare tiny',
  model: { name: 'tiny', layers: 2, params: 1, macs: null },
  data: null,
  machine: { cpu: 'a cpu', cores: 2, platform: 'web', tfjs: '4.22.0' },
  dense: { params: 1, macs: null, bytes: null, accuracy: null, latency: [] },
  failures: [],
  notes: [],
};
