import { type Sensitivity, type SensitivityBudget } from '@espalier/measure';
import { out as pc } from '../colours.js';
import { name, table } from '../tables.js';
import { count, percent } from '../ui.js';

export interface About {
  readonly model: string;
  readonly scorer: string;
  readonly testedOn: string | undefined;
  readonly samples: number;
}

export const sparsitiesOf = ({ layers }: Sensitivity): number[] =>
  [...new Set(layers.flatMap(({ points }) => points.map(({ sparsity }) => sparsity)))].sort((a, b) => a - b);

/** What a budget's column is called. */
export const budgetName = (budget: SensitivityBudget) => `budget (−${+budget.drop.toFixed(2)})`;

/** One row a layer; green within the drop of the budget. */
export function sensitivityTable(found: Sensitivity, budget: SensitivityBudget | undefined, about: About): string {
  const sparsities = sparsitiesOf(found);
  const what = found.granularity === 'element' ? 'weights' : 'channels';
  const rows = found.layers.map(({ id, size, points }) => [
    name(id),
    count(size),
    ...sparsities.map((sparsity) => {
      const point = points.find((p) => p.sparsity === sparsity);
      if (!point) return '';
      const isWithin = budget !== undefined && point.accuracy >= found.dense - budget.drop;
      return (isWithin ? pc.green : (text: string) => text)(point.accuracy.toFixed(2));
    }),
    ...(budget ? [percent(budget.sparsity[id])] : []),
  ]);
  const head = ['layer', what, ...sparsities.map((s) => percent(s, 0)), ...(budget ? [budgetName(budget)] : [])];
  const right = head.map((_, i) => i).slice(1);
  return [
    `${pc.bold(name(about.model))}: accuracy in % with one layer pruned by ${about.scorer}, dense ${found.dense.toFixed(2)}, on ${count(about.samples)} samples of ${about.testedOn}`,
    '',
    table(head, rows, right),
    ...found.skipped.map(({ id, reason }) => pc.dim(`left alone  ${name(id)}: ${name(reason.text)}`)),
  ].join('\n');
}
