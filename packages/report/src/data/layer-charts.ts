import type { Report } from '@espalier/pipeline';
import type { Bar } from '@espalier/figures';
import { percent } from '../numbers.js';
import { english, type Texts } from '../texts/index.js';
import { nameTrials } from './names.js';
import { slug } from './slug.js';

export interface LayersChart {
  readonly name: string;
  readonly title: string;
  readonly bars: readonly Bar[];
  /** Under each label. */
  readonly notes: Readonly<Record<string, string>>;
  /** How many kernels there are, and how many are shown. */
  readonly kernels: number;
  readonly shown: number;
}

const MOST_KERNELS = 20;

/** Sparsities of the largest kernels, one chart for each sparsity asked for; fine-tuned trials have their one-shot twins' masks. */
export function layerCharts(report: Report, texts: Texts = english): LayersChart[] {
  const nameOf = nameTrials(report, texts);
  const oneShot = report.rows.filter(({ fineTuned }) => !fineTuned);
  const plain = oneShot.length > 0 ? oneShot : report.rows;
  const sparsities = [...new Set(plain.map(({ sparsity }) => sparsity.requested))].sort((a, b) => a - b);
  return sparsities.flatMap((sparsity) => {
    const rows = plain.filter((row) => row.sparsity.requested === sparsity);
    const sizes = new Map(rows.flatMap(({ layers }) => layers.map(({ id, size }) => [id, size] as const)));
    const largest = [...sizes].sort(([, a], [, b]) => b - a).slice(0, MOST_KERNELS);
    const shown = new Set(largest.map(([id]) => id));
    const bars = rows.flatMap((row) =>
      row.layers
        .filter(({ id }) => shown.has(id))
        .map(({ id, kept, size }) => ({
          label: id,
          value: size > 0 ? 1 - kept / size : 0,
          series: nameOf(row).series,
        })),
    );
    if (bars.length === 0) return [];
    const part = (size: number) => texts.layers.share(percent(size / Math.max(1, report.model.params)));
    return [
      {
        name: `layers-${slug(percent(sparsity))}`,
        title: texts.layers.title(percent(sparsity)),
        bars,
        notes: Object.fromEntries(largest.map(([id, size]) => [id, part(size)])),
        kernels: sizes.size,
        shown: shown.size,
      },
    ];
  });
}
