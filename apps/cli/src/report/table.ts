import type { Report } from '@espalier/experiment';
import pc from 'picocolors';
import { type Column, columnsOf, TIMES } from './columns.js';
import { count, orMissing, remarks, safe, sharedChoices } from './words.js';

export const TABLE_WIDTH = 100;
const GAP = '  ';

/** The comparison for a terminal, `width` characters wide; columns without room are left out and named below. */
export function renderTable(report: Report, { width = TABLE_WIDTH }: { width?: number } = {}): string {
  const { columns, left } = fit(cellsOf(report), width);
  const lines = columns[0].cells.map((_, i) => columns.map(({ cells }) => cells[i]).join(GAP).trimEnd());
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
    ...remarks(report).map(({ text, trials }) => pc.dim(`note: ${safe(text)}${trials.length > 0 ? ` (${trials.map(safe).join('; ')})` : ''}`)),
    ...report.failures.map(({ id, message }) => pc.yellow(`not possible: ${safe(id)}: ${safe(message)}`)),
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
  const lines = columns[0].cells.map((_, i) => `| ${columns.map(({ cells }) => cells[i].replaceAll('|', '\\|')).join(' | ')} |`);
  const rule = `| ${columns.map(({ right, cells }) => (right ? `${'-'.repeat(cells[0].length - 1)}:` : '-'.repeat(cells[0].length))).join(' | ')} |`;
  return `${[lines[0], rule, ...lines.slice(1)].join('\n')}\n`;
}

type Cells = Pick<Column, 'head' | 'right' | 'spare'> & { readonly cells: readonly string[]; readonly width: number };

/** Head, dense and trials of each column, padded to its width. */
function cellsOf(report: Report): Cells[] {
  return columnsOf(report).map(({ head, right, spare, dense, pruned }) => {
    const texts = [head, dense, ...report.rows.map(pruned)].map(safe);
    const width = Math.max(3, ...texts.map((text) => text.length));
    const cells = texts.map((text) => (right ? text.padStart(width) : text.padEnd(width)));
    return { head, right, spare, cells, width };
  });
}

function fit(columns: readonly Cells[], width: number): { columns: readonly Cells[]; left: string[] } {
  let shown = columns;
  const total = () => shown.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
  while (total() > width) {
    const spare = Math.max(...shown.map((column) => column.spare));
    if (spare === 0) break;
    const victim = shown.map((column) => column.spare).lastIndexOf(spare);
    shown = shown.filter((_, i) => i !== victim);
  }
  return { columns: shown, left: columns.filter((column) => !shown.includes(column)).map(({ head }) => head) };
}
