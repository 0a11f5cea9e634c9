import { sizeOf } from '@espalier/core';
import type { Panel, Report, Row } from '@espalier/pipeline';
import type { PruningData } from '@espalier/figures';
import { english, type Texts } from '../texts/index.js';
import { nameTrials } from './names.js';
import { slug } from './slug.js';

export interface KernelChart {
  readonly name: string;
  readonly title: string;
  readonly data: PruningData;
}

/** The first trial of each strategy; one-shot before fine-tuned and with a threshold before without, for they show most. */
export function kernelCharts(report: Report, texts: Texts = english): KernelChart[] {
  const rank = (row: Row, panel: Panel) => (row.fineTuned ? 2 : 0) + (panel.threshold === null ? 1 : 0);
  const best = new Map<string, { row: Row; panel: Panel }>();
  for (const row of report.rows) {
    const { panel } = row;
    const before = best.get(row.strategy);
    if (panel && !(before && rank(before.row, before.panel) <= rank(row, panel)))
      best.set(row.strategy, { row, panel });
  }
  const nameOf = nameTrials(report, texts);
  return [...best.values()].map(({ row, panel }) => ({
    name: `pruning-${slug(row.strategy)}`,
    title: `${panel.param} [${panel.shape.join(', ')}]${texts.comma}${nameOf(row).short}`,
    data: pruningDataOf(panel),
  }));
}

export function pruningDataOf({ param, shape, threshold, low, high, before, after, pruned, mask }: Panel): PruningData {
  const size = sizeOf(shape);
  const bins = before.length;
  const edges = Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + ((high - low) / bins) * i));
  return {
    name: param,
    shape,
    size,
    kept: size - pruned,
    before: { edges, counts: before },
    after: { edges, counts: after },
    threshold,
    corner: {
      of: mask.of,
      shown: [mask.rows.length, mask.rows[0]?.length ?? 0],
      keep: mask.rows.flatMap((row) => [...row].map((bit) => bit === '1')),
    },
  };
}
