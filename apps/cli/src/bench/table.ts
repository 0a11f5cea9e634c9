import { out as pc } from '../colours.js';
import { fit, hanging, linesOf, padded, type Texts } from '../layout.js';
import { count, milliseconds, orMissing, percent, safe, times } from '@espalier/report';
import type { BenchLayer, BenchReport, BenchRow, RuntimeTimes } from './report.js';

/** The report for a terminal: for each backend one table of the whole model, and one of its layers for each sparsity. */
export function benchTables(report: BenchReport, width: number): string {
  const { model, inputShape, batch, rounds, strategy, scope, scorer } = report;
  const choice = `${strategy}${scope === undefined ? '' : `, scope ${scope}`}, scorer ${scorer}; ${rounds} rounds`;
  const size = `${count(model.params)} parameters, input [${[batch, ...inputShape].join(', ')}]`;
  const left = new Set<string>();
  const tables = report.backends.flatMap(({ backend, rows }) => {
    const layered = rows.filter(({ layers }) => layers && layers.length > 0);
    const titles = [pc.bold(`${backend}, whole model`), ...layered.map((row) => layerTitle(backend, row))];
    const kinds = [[wholeColumns(rows)], layered.map(({ layers }) => layerColumns(layers!, width < 100 ? 22 : 30))];
    const [whole, ...others] = kinds.flatMap((same) => render(same, width, left));
    return [whole.concat(uncompiled(rows)), ...others].flatMap((lines, i) => ['', titles[i], ...lines]);
  });
  return [
    `${pc.bold(safe(model.name))}: ${size}`,
    pc.dim(choice),
    ...tables,
    '',
    ...legend(report).map((text) => pc.dim(text)),
    ...report.notes.flatMap(({ text }) => hanging(`note: ${safe(text)}`, width)).map((text) => pc.dim(text)),
    ...(left.size > 0 ? [pc.dim(`without room here, but in --json: ${[...left].join(', ')}`)] : []),
  ].join('\n');
}

/** Why compile() left a model as it was. */
function uncompiled(rows: readonly BenchRow[]): string[] {
  const reasons = rows.flatMap(({ runtimes }) =>
    runtimes.filter(({ ran }) => ran === 'stock').map(({ reason }) => reason!),
  );
  return [...new Set(reasons)].map((reason) => pc.dim(`compile: stock, ${safe(reason)}`));
}

/** Tables of one kind, all with the same columns: those that every one of them has room for. */
function render(tables: readonly Texts[][], width: number, left: Set<string>): string[][] {
  const cells = tables.map((columns) => columns.map(padded));
  const out = new Set(cells.flatMap((columns) => fit(columns, width).left));
  out.forEach((name) => left.add(name));
  return cells.map((columns) => {
    const [head, ...lines] = linesOf(columns.filter(({ head }) => !out.has(head)));
    return [pc.dim(head), ...lines];
  });
}

function wholeColumns(rows: readonly BenchRow[]): Texts[] {
  return [
    text('sparsity', 0, rows, ({ sparsity }) => percent(sparsity.requested)),
    text('params', 3, rows, ({ params }) => percent(params.kept / Math.max(1, params.total))),
    text('MACs', 2, rows, ({ macs }) => percent(macs.kept / Math.max(1, macs.dense))),
    text('dense', 1, rows, ({ dense }) => milliseconds(dense.medianMs)),
    ...runtimeColumns(rows),
    text('theory', 0, rows, ({ theoretical }) => orMissing(theoretical, times)),
  ];
}

function layerTitle(backend: string, { sparsity, dense, layers }: BenchRow): string {
  const together = layers!.reduce((sum, layer) => sum + layer.dense.medianMs, 0);
  const share = percent(Math.min(1, together / dense.medianMs));
  return (
    pc.bold(`${backend}, layers at ${percent(sparsity.requested)}`) + pc.dim(`  ${share} of the dense model's time`)
  );
}

/** Ids longer than `longest` lose their beginning. */
function layerColumns(layers: readonly BenchLayer[], longest: number): Texts[] {
  const kernels = layers.some(({ runtimes }) => runtimes.some(({ kernel }) => kernel !== undefined));
  const name = ({ id }: BenchLayer) => (id.length > longest ? `…${id.slice(1 - longest)}` : id);
  return [
    { ...text('layer', 0, layers, name), right: false },
    text('zeros', 2, layers, (layer) => percent(layer.sparsity)),
    text('dense', 1, layers, (layer) => milliseconds(layer.dense.medianMs)),
    ...runtimeColumns(layers),
    text('theory', 0, layers, ({ theoretical }) => orMissing(theoretical, times)),
    ...(kernels ? [{ ...text('kernel', 0, layers, kernelOf), right: false }] : []),
  ];
}

/** Time, ratio and its spread: one column for each way of running. */
function runtimeColumns(rows: readonly { readonly runtimes: readonly RuntimeTimes[] }[]): Texts[] {
  const names = rows[0].runtimes.map(({ runtime }) => runtime);
  return names.map((name, i) => {
    const texts = inColumns(
      rows.map(({ runtimes }) => {
        const { medianMs, speedup } = runtimes[i];
        const range = `(${speedup.p10.toFixed(2)}–${speedup.p90.toFixed(2)})`;
        return [milliseconds(medianMs), times(speedup.median), range];
      }),
    );
    // Beside others the stock kernels are a check, and the first to go: they do not see zeros.
    return { head: name, right: true, spare: names.length > 1 && i === 0 ? 4 : 0, texts };
  });
}

/** Parts of a text under each other. */
function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((parts) => parts[i].length)));
  return rows.map((parts) => parts.map((part, i) => part.padStart(widths[i])).join(' '));
}

const kernelOf = ({ runtimes }: BenchLayer) => runtimes.find(({ kernel }) => kernel !== undefined)?.kernel ?? '';

function text<Row>(head: string, spare: number, rows: readonly Row[], write: (row: Row) => string): Texts {
  return { head, right: true, spare, texts: rows.map(write) };
}

function legend({ backends }: BenchReport): string[] {
  const layers = backends.some(({ rows }) => rows.some((row) => row.layers));
  return [
    'dense: the unpruned model on the kernels of TensorFlow.js',
    'others: the pruned model in the same rounds, median time, then dense time',
    '  over it, median (10th–90th percentile)',
    'theory: dense MACs over MACs kept',
    ...(layers ? ['layers: each weight by itself, at the shapes that it meets inside the model'] : []),
  ];
}
