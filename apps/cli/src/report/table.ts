import type { Report } from '@espalier/experiment';
import { out as pc } from '../colours.js';
import { type Cells, fit, hanging, linesOf, padded, TABLE_WIDTH } from '../layout.js';
import { columnsOf, TIMES } from './columns.js';
import { count, orMissing, remarks, safe, sharedChoices } from '@espalier/report';

/** The comparison for a terminal, `width` characters wide; columns without room are left out and named below. */
export function renderTable(report: Report, { width = TABLE_WIDTH }: { width?: number } = {}): string {
  const { columns, left } = fit(cellsOf(report), width);
  const lines = linesOf(columns);
  const { model, data } = report;
  const macs = orMissing(model.macs, count);
  const measured = data ? `, accuracy in % on ${count(data.samples)} samples of ${safe(data.name)}` : '';
  const shared = sharedChoices(report);
  return [
    `${pc.bold(safe(model.name))}: ${count(model.params)} parameters, ${macs} MACs a sample${measured}`,
    ...(shared.length > 0 ? [pc.dim(shared.map(safe).join(', '))] : []),
    '',
    pc.dim(lines[0]),
    pc.bold(lines[1]),
    ...lines.slice(2),
    '',
    ...legend(columns).map((text) => pc.dim(text)),
    ...(left.length > 0 ? [pc.dim(`without room here, but in the report: ${left.join(', ')}`)] : []),
    ...remarks(report)
      .map(({ text, trials }) => `note: ${safe(text)}${trials.length > 0 ? ` (${trials.map(safe).join('; ')})` : ''}`)
      .flatMap((text) => hanging(text, width))
      .map((text) => pc.dim(text)),
    ...report.failures
      .flatMap(({ id, message }) => hanging(`not possible: ${safe(id)}: ${safe(message)}`, width))
      .map((text) => pc.yellow(text)),
  ].join('\n');
}

/** What the columns that are shown mean. */
function legend(columns: readonly Cells[]): string[] {
  const heads = new Set(columns.map(({ head }) => head));
  const shares = ['params', 'MACs'].filter((head) => heads.has(head));
  const timed = columns.some(({ spare }) => spare === TIMES);
  return [
    ...(shares.length > 0 ? [`${shares.join(', ')}: share kept`] : []),
    ...(timed ? ['times: median of a batch, then dense time over it in the same rounds'] : []),
  ];
}

/** The same table in Markdown, with every column. */
export function toMarkdownTable(report: Report): string {
  const columns = cellsOf(report);
  const lines = columns[0].cells.map(
    (_, i) => `| ${columns.map(({ cells }) => cells[i].replaceAll('|', '\\|')).join(' | ')} |`,
  );
  const rule = `| ${columns.map(({ right, cells }) => (right ? `${'-'.repeat(cells[0].length - 1)}:` : '-'.repeat(cells[0].length))).join(' | ')} |`;
  return `${[lines[0], rule, ...lines.slice(1)].join('\n')}\n`;
}

/** Head, dense and trials of each column, padded to its width. */
const cellsOf = (report: Report): Cells[] =>
  columnsOf(report).map(({ head, right, spare, dense, pruned }) =>
    padded({ head, right, spare, texts: [dense, ...report.rows.map(pruned)] }),
  );
