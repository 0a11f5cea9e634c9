import type { Report } from '@espalier/pipeline';
import { out as pc } from '../colours.js';
import { type Cells, fit, hanging, linesOf, padded, TABLE_WIDTH } from '../layout.js';
import { columnsOf, SHARES, TIMES } from './columns.js';
import {
  count,
  english,
  nameFailure,
  orMissing,
  remarks,
  safe,
  sharedChoices,
  type Texts,
  translate,
} from '@espalier/report';

export interface TableOptions {
  readonly width?: number;
  readonly texts?: Texts;
}

/** The comparison for a terminal, `width` characters wide; columns without room are left out and named below. */
export function renderTable(report: Report, { width = TABLE_WIDTH, texts = english }: TableOptions = {}): string {
  const { columns, left } = fit(cellsOf(report, texts), width);
  const lines = linesOf(columns);
  const { model, data, failures } = report;
  const { terminal, comma, semicolon } = texts;
  const macs = orMissing(model.macs, count);
  const measured = data ? terminal.measured(count(data.samples), safe(data.name)) : '';
  const shared = sharedChoices(report, texts);
  const wrap = (text: string) => hanging(text, width);
  return [
    ...wrap(`${terminal.model(pc.bold(safe(model.name)), count(model.params), macs)}${measured}`),
    ...(shared.length > 0 ? wrap(shared.map(safe).join(comma)).map((text) => pc.dim(text)) : []),
    '',
    pc.dim(lines[0]),
    pc.bold(lines[1]),
    ...lines.slice(2),
    '',
    ...[...legend(columns, texts), ...(left.length > 0 ? [terminal.leftOut(left.join(comma))] : [])]
      .flatMap(wrap)
      .map((text) => pc.dim(text)),
    ...remarks(report, texts)
      .map(({ text, trials }) => terminal.note(safe(text), trials.map(safe).join(semicolon)))
      .flatMap(wrap)
      .map((text) => pc.dim(text)),
    ...failures
      .map((failure) =>
        terminal.impossible(safe(nameFailure(failure, texts)), safe(translate(failure.note ?? failure.message, texts))),
      )
      .flatMap(wrap)
      .map((text) => pc.yellow(text)),
  ].join('\n');
}

/** What the columns that are shown mean. */
function legend(columns: readonly Cells[], { terminal, comma }: Texts): string[] {
  const shares = columns.filter(({ spare }) => SHARES.includes(spare)).map(({ head }) => head);
  const timed = columns.some(({ spare }) => spare === TIMES);
  return [...(shares.length > 0 ? [terminal.sharesKept(shares.join(comma))] : []), ...(timed ? [terminal.times] : [])];
}

/** The same table in Markdown, with every column. */
export function toMarkdownTable(report: Report): string {
  const columns = cellsOf(report, english);
  const lines = columns[0].cells.map(
    (_, i) => `| ${columns.map(({ cells }) => cells[i].replaceAll('|', '\\|')).join(' | ')} |`,
  );
  const rule = `| ${columns.map(({ right, cells }) => (right ? `${'-'.repeat(cells[0].length - 1)}:` : '-'.repeat(cells[0].length))).join(' | ')} |`;
  return `${[lines[0], rule, ...lines.slice(1)].join('\n')}\n`;
}

/** Head, dense and trials of each column, padded to its width. */
const cellsOf = (report: Report, texts: Texts): Cells[] =>
  columnsOf(report, texts).map(({ head, right, spare, dense, pruned }) =>
    padded({ head, right, spare, texts: [dense, ...report.rows.map(pruned)] }),
  );
